import { expect, test } from "vitest";
import { type Cut, cutAt, laidOut, moved } from "./cuts";

const timed = (id: string, repetitions: number, optional = false) => ({
  id,
  optional,
  repetitions,
  rest_before_s: 2,
  movement_s: 3,
  rest_after_s: 2,
});

const CUTS: Cut[] = [
  { id: "a", movement: "rest", startS: 0, endS: 5 },
  { id: "b", movement: "smile", startS: 6, endS: 12 },
];

test("the protocol is laid over the recording in shares of its time", () => {
  const cuts = laidOut([timed("rest", 1), timed("smile", 3), timed("extra", 1, true)], 40);
  expect(cuts.map((cut) => [cut.movement, cut.startS, cut.endS])).toEqual([
    ["rest", 0, 10],
    ["smile", 10, 40],
  ]);
  expect(laidOut([timed("rest", 1)], 0.5)).toEqual([]);
});

test("an edge stops at its neighbour, at the end and at its own other edge", () => {
  expect(moved(CUTS, "b", "start", 2, 20)[1]?.startS).toBe(5);
  expect(moved(CUTS, "b", "start", 11.9, 20)[1]?.startS).toBe(11);
  expect(moved(CUTS, "b", "end", 99, 20)[1]?.endS).toBe(20);
  expect(moved(CUTS, "a", "end", 5.74, 20)[0]?.endS).toBe(5.7);
  expect(moved(CUTS, "a", "end", Number.NaN, 20)).toEqual(CUTS);
});

test("a cut is parted, begun in a gap, or refused where there is no room", () => {
  const fresh = { id: "c", movement: "rest" };
  expect(cutAt(CUTS, 8, 20, fresh)?.map((cut) => [cut.id, cut.startS, cut.endS])).toEqual([
    ["a", 0, 5],
    ["b", 6, 8],
    ["c", 8, 12],
  ]);
  expect(cutAt(CUTS, 13, 20, fresh)?.at(-1)).toEqual({ ...fresh, startS: 13, endS: 20 });
  expect(cutAt(CUTS, 5.5, 20, fresh)).toBeNull();
  expect(cutAt(CUTS, 6.2, 20, fresh)).toBeNull();
});
