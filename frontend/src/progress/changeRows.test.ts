import { expect, test } from "vitest";
import { counted, inOrder, withoutDoubles } from "./changeRows";
import type { Change } from "./estimates";
import { glanceRows } from "./Glance";

const change = (measure: string, difference: number | null, more: Partial<Change> = {}): Change =>
  ({
    movement: "full_smile",
    measure,
    difference,
    side: "both",
    region: "perioral",
    unit: "mm",
    verdict: "unknown",
    ...more,
  }) as Change;

test("what the movement aims at comes first, then the largest changes of each unit", () => {
  const sorted = inOrder([
    change("fissure_change", 21, { unit: "%" }),
    change("fai", 1),
    change("philtrum_deviation", null),
    change("commissure_excursion", 0.5, { side: "healthy" }),
    change("commissure_excursion", 0.1, { side: "affected" }),
    change("commissure_height", -3),
  ]);
  expect(sorted.map((one) => `${one.measure} ${one.side}`)).toEqual([
    "commissure_excursion affected",
    "commissure_excursion healthy",
    "commissure_height both",
    "fai both",
    "philtrum_deviation both",
    "fissure_change both",
  ]);
});

test("left and right are told where affected and healthy are not", () => {
  const sides = (changes: Change[]) => withoutDoubles(changes).map((one) => one.side);
  const all = ["left", "right", "affected", "healthy"] as const;
  expect(sides(all.map((side) => change("fai", 1, { side })))).toEqual(["affected", "healthy"]);
  expect(sides([change("fai", 1, { side: "left" }), change("fai", 1, { side: "both" })])).toEqual([
    "left",
    "both",
  ]);
});

test("a glance has one row a movement where the affected side is known, else both sides", () => {
  const rows = glanceRows(
    [
      change("commissure_excursion", 1, { side: "affected" }),
      change("commissure_excursion", 1, { side: "healthy" }),
      change("commissure_excursion", 1, { side: "left" }),
      change("fai", 1),
      change("lid_gap_min", 1, { movement: "gentle_closure", side: "left" }),
      change("lid_gap_min", 1, { movement: "gentle_closure", side: "right" }),
    ],
    ["gentle_closure", "full_smile"],
  );
  expect(rows.map((row) => `${row.movement} ${row.side}`)).toEqual([
    "gentle_closure left",
    "gentle_closure right",
    "full_smile affected",
  ]);
});

test("verdicts are counted by their words", () => {
  expect(counted([change("a", 1, { verdict: "yes" }), change("b", null)])).toEqual({
    yes: 1,
    no: 0,
    unknown: 1,
  });
});
