import { describe, expect, test } from "vitest";
import { rowsOf } from "./TrendTable";
import {
  baselineOf,
  extentOf,
  measurableBand,
  placeOf,
  stretchesOf,
  type Trend,
  thinned,
  visibleFrom,
} from "./trendLines";

const DAY_S = 86_400;

type Value = number | null | { value: number; model: string };

function trend(side: string, values: Value[], more: Partial<Trend> = {}): Trend {
  return {
    side,
    unit: "mm",
    mdc95: { value: 1.3, source: "literature" },
    perception: { value: 3, source: "lay observers" },
    events: [],
    points: values.map((given, i) => {
      const old = given !== null && typeof given === "object";
      const value = old ? given.value : given;
      return {
        visit: { id: `v${i}`, number: i + 1, day: 30 * i, visited_on: null },
        value,
        ci_lo: value === null ? null : value - 1,
        ci_hi: value === null ? null : value + 1,
        model: old ? given.model : "new",
        comparable: !old,
      };
    }),
    ...more,
  } as unknown as Trend;
}

test("a visit stands at its day, or as far from the first one as readers are told", () => {
  expect(placeOf({ visited_on: "1970-01-03", day: 5 })).toBe(2 * DAY_S);
  expect(placeOf({ visited_on: null, day: 5 })).toBe(5);
});

describe("what a value is held against", () => {
  test("the band lies around the first value of the present model", () => {
    const one = trend("affected", [{ value: 9, model: "old" }, null, 4, 7]);
    expect(baselineOf(one)).toBe(4);
    expect(measurableBand(one)).toEqual([4 - 1.3, 4 + 1.3]);
    expect(measurableBand({ ...one, mdc95: null })).toBeNull();
    expect(measurableBand(trend("affected", [null, null]))).toBeNull();
  });

  test("what others notice is a distance from the other side, where the values lie", () => {
    const affected = trend("affected", [2, 5, null]);
    const healthy = trend("healthy", [15, 16, 16]);
    expect(visibleFrom(affected, healthy)).toEqual([
      [
        { visitId: "v0", value: 12 },
        { visitId: "v1", value: 13 },
      ],
    ]);
    expect(visibleFrom(healthy, affected)[0]?.[0]?.value).toBe(5);
    // Without the other side nobody can say.
    expect(visibleFrom(affected, null)).toEqual([]);
    expect(visibleFrom({ ...affected, perception: null }, healthy)).toEqual([]);
  });

  test("a difference of the sides is held against the size itself, either way", () => {
    const levels = (values: Value[]) =>
      visibleFrom(trend("both", values), null).map((line) => line[0]?.value);
    expect(levels([1, 4])).toEqual([3]);
    expect(levels([-1, 4])).toEqual([3, -3]);
  });
});

test("the axes hold every value, whisker and line, and zero", () => {
  const affected = trend("affected", [2, 5]);
  const healthy = trend("healthy", [15, 16]);
  const { x, y } = extentOf([affected, healthy]);
  expect(x[0]).toBeLessThan(0);
  expect(x[1]).toBeGreaterThan(30);
  expect(y[0]).toBeLessThan(0);
  expect(y[1]).toBeGreaterThan(17);
  // One visit alone still has room around it, and nothing at all has axes.
  expect(extentOf([trend("both", [1])]).x).toEqual([-14 * 0.08, 14 * 0.08]);
  expect(extentOf([]).y).toEqual([0, 1]);
});

test("values of different models are never joined", () => {
  const one = trend("affected", [{ value: 9, model: "old" }, 4, { value: 8, model: "old" }, 7]);
  expect(stretchesOf([one]).map((s) => [s.model, s.comparable, s.points.length])).toEqual([
    ["old", false, 2],
    ["new", true, 2],
  ]);
});

test("words of visits that stand close together are left out, but the first and last", () => {
  expect(thinned([0, 1, 2, 50, 99, 100], 10)).toEqual([0, 50, 100]);
  expect(thinned([0, 1], 10)).toEqual([0, 1]);
  expect(thinned([5, 5], 10)).toEqual([5]);
  expect(thinned([], 10)).toEqual([]);
});

test("events stand in the table where they happened", () => {
  const one = trend("affected", [2, 5], {
    events: [{ kind: "injection", day: 30, happened_on: null, title: "" }],
  });
  expect(rowsOf([one]).map((row) => ("event" in row ? row.event.kind : row.point.value))).toEqual([
    2,
    "injection",
    5,
  ]);
});
