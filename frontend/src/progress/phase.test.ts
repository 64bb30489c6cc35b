import { expect, test } from "vitest";
import { timeMap } from "../viewer/phases";
import { marksOf, type PhaseAnchor, phaseAt } from "./phase";

const anchor = (
  phase: PhaseAnchor["phase"],
  repetition: number | null,
  before_s: number,
  after_s: number,
): PhaseAnchor => ({ phase, repetition, before_s, after_s });

const ANCHORS = [
  anchor("start", null, 0, 0),
  anchor("onset", 1, 1, 2),
  anchor("peak", 1, 2, 2.5),
  anchor("offset", 1, 3, 5),
  anchor("end", null, 4, 8),
];

test("a moment has its place in the movement", () => {
  const place = (beforeS: number) => {
    const { part, repetition } = phaseAt(ANCHORS, beforeS);
    return [part, repetition];
  };
  expect(place(0.5)).toEqual(["before", null]);
  expect(place(1)).toEqual(["rising", 1]);
  expect(place(1.98)).toEqual(["peak", 1]);
  expect(place(2.2)).toEqual(["falling", 1]);
  expect(place(3)).toEqual(["after", null]);
  expect(phaseAt([anchor("start", null, 0, 0)], 1).part).toBe("after");
});

test("the slider has marks where something happens", () => {
  expect(marksOf(ANCHORS).map((one) => one.phase)).toEqual(["onset", "peak", "offset"]);
});

test("there and back again through the phases is the same moment", () => {
  const there = timeMap(ANCHORS.map((one) => ({ from: one.before_s, to: one.after_s })));
  const back = timeMap(ANCHORS.map((one) => ({ from: one.after_s, to: one.before_s })));
  expect(there(2)).toBe(2.5);
  for (let moment = -1; moment <= 5; moment += 0.13) {
    expect(back(there(moment))).toBeCloseTo(moment, 9);
  }
});
