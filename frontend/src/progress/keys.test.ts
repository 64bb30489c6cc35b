import { expect, test } from "vitest";
import { nearestKey, overviewKeys, type TrendKey, withOtherSide } from "./keys";

const key = (movement: string, measure: string, side: string, region = "mouth"): TrendKey => ({
  movement,
  measure,
  side: side as TrendKey["side"],
  region,
  unit: "mm",
  visits: 2,
});

const KEYS = [
  key("full_smile", "commissure_position", "left"),
  key("full_smile", "commissure_excursion", "left"),
  key("full_smile", "commissure_excursion", "right"),
  key("full_smile", "commissure_excursion", "affected"),
  key("full_smile", "commissure_excursion", "healthy"),
  key("gentle_closure", "lid_gap_min", "left", "eye"),
  key("gentle_closure", "lid_gap_min", "right", "eye"),
];

test("movements in the protocol's order, each by its target, affected where that is known", () => {
  expect(overviewKeys(KEYS).map((k) => [k.movement, k.measure, k.side])).toEqual([
    ["gentle_closure", "lid_gap_min", "left"],
    ["full_smile", "commissure_excursion", "affected"],
  ]);
});

test("both sides are drawn together", () => {
  expect(withOtherSide(KEYS[3] as TrendKey, KEYS).map((k) => k.side)).toEqual([
    "affected",
    "healthy",
  ]);
  expect(withOtherSide(KEYS[6] as TrendKey, KEYS).map((k) => k.side)).toEqual(["left", "right"]);
});

test("a wish that nothing fulfils leads to what is nearest", () => {
  expect(nearestKey(KEYS, { movement: "gentle_closure", measure: "x" })?.measure).toBe(
    "lid_gap_min",
  );
  expect(nearestKey(KEYS, { movement: "full_smile" })?.measure).toBe("commissure_excursion");
  expect(nearestKey(KEYS, KEYS[0] as TrendKey)).toBe(KEYS[0]);
  expect(nearestKey([], {})).toBeNull();
});
