import { describe, expect, it } from "vitest";
import { differenceOf, groupOf, linesOf, type Measure, sorted } from "./measureRows";
import { pathOf, spansOf } from "./timeline";

let id = 0;
function row(part: Partial<Measure>): Measure {
  id += 1;
  return {
    id,
    analysis_id: "a",
    visit_id: "v",
    take_id: "t",
    movement: "full_smile",
    repetition: null,
    side: "left",
    region: "perioral",
    measure: "commissure_excursion",
    value: 1,
    unit: "mm",
    ci_lo: null,
    ci_hi: null,
    qc: "ok",
    reason: "",
    model: "m",
    ...part,
  } as Measure;
}

describe("lines", () => {
  it("put left beside right with their difference, and the ratio to what it is of", () => {
    const [line] = linesOf(
      [
        row({ side: "left", value: 9, ci_lo: 6, ci_hi: 12 }),
        row({ side: "right", value: 16, ci_lo: 12, ci_hi: 20 }),
        row({ side: "affected", value: 9 }),
        row({ side: "healthy", value: 16 }),
        row({ measure: "displacement_ratio", side: "affected", value: 0.56, unit: "1" }),
      ],
      null,
    );
    expect(line?.difference).toEqual({ value: -7, lo: -12, hi: -2 });
    expect(line?.ratio?.value).toBe(0.56);
  });

  it("keep undetermined numbers with their reason, never as 0", () => {
    const [line] = linesOf(
      [row({ value: null, reason: "No rest." }), row({ side: "right", value: 2 })],
      null,
    );
    expect(line?.left?.value).toBeNull();
    expect(line?.difference).toBeNull();
    expect(line?.reason).toBe("No rest.");
  });

  it("hold the noise floor beside what was de-biased", () => {
    const lines = linesOf(
      [
        row({ measure: "asymmetry_rms_peak", side: "both", value: 2.5 }),
        row({ measure: "asymmetry_rms_raw_peak", side: "both", value: 3 }),
        row({ measure: "asymmetry_noise_floor_peak", side: "both", value: 1.6 }),
      ],
      null,
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      group: "asymmetry",
      floor: { value: 1.6 },
      raw: { value: 3 },
    });
  });

  it("show one repetition, with what is read once a take", () => {
    const rows = [
      row({ value: 5 }),
      row({ value: 4, repetition: 1 }),
      row({ value: 6, repetition: 2 }),
      row({ measure: "mrd1_rest", region: "periocular", value: 3 }),
    ];
    expect(linesOf(rows, 2).map((line) => line.left?.value)).toEqual([6, 3]);
    expect(linesOf(rows, null).map((line) => line.left?.value)).toEqual([5, 3]);
  });

  it("tell the midline from the halves", () => {
    const rows = ["left", "right", "midline"].map((side) =>
      row({ measure: "dental_show_peak", side: side as Measure["side"] }),
    );
    expect(linesOf(rows, null)).toHaveLength(2);
  });

  it("are sorted by the greatest difference, those without one last", () => {
    const lines = linesOf(
      [
        row({ measure: "a", side: "left", value: 1 }),
        row({ measure: "b", side: "left", value: 9 }),
        row({ measure: "b", side: "right", value: 1 }),
        row({ measure: "c", side: "left", value: 1 }),
        row({ measure: "c", side: "right", value: 3 }),
      ],
      null,
    );
    expect(sorted(lines, "difference").map((line) => line.measure)).toEqual(["b", "c", "a"]);
  });
});

it("differences know no interval where a side has none", () => {
  expect(differenceOf(row({ value: 3 }), row({ value: 1 }))).toEqual({
    value: 2,
    lo: null,
    hi: null,
  });
});

it.each([
  ["commissure_excursion", "movement"],
  ["commissure_excursion_lateral", "components"],
  ["commissure_lateral_peak", "peak"],
  ["commissure_excursion_repetition_sd", "spread"],
  ["asymmetry_rms_rest", "asymmetry"],
  ["ocular_synkinesis", "synkinesis"],
  ["onset_lag", "timing"],
])("%s stands under %s", (measure, group) => {
  expect(groupOf(measure)).toBe(group);
});

describe("the time line", () => {
  it("joins neighbouring frames", () => {
    const timeS = [0, 1, 2, 3, 4, 5];
    expect(spansOf([4, 1, 2, 5], timeS)).toEqual([
      { fromS: 1, toS: 2 },
      { fromS: 4, toS: 5 },
    ]);
    expect(spansOf([], timeS)).toEqual([]);
  });

  it("leaves gaps where a curve has no value", () => {
    const path = pathOf([0, 5, null, 10], [0, 1, 2, 3], { fromS: 0, toS: 3 }, 10, {
      width: 300,
      height: 10,
    });
    expect(path).toBe("M0.0 10.0L100.0 5.0M300.0 0.0");
  });
});
