import { expect, test } from "vitest";
import { inOrder } from "./Changes";
import type { Change } from "./estimates";

const change = (measure: string, difference: number | null): Change =>
  ({ movement: "full_smile", measure, difference }) as Change;

test("what the movement aims at comes first, then the largest changes", () => {
  const sorted = inOrder([
    change("fai", 1),
    change("philtrum_deviation", null),
    change("commissure_excursion", 0.5),
    change("commissure_position", -3),
  ]);
  expect(sorted.map((one) => one.measure)).toEqual([
    "commissure_excursion",
    "commissure_position",
    "fai",
    "philtrum_deviation",
  ]);
});
