import { expect, test } from "vitest";
import {
  begun,
  changed,
  countPoints,
  NONE,
  pointsOf,
  redone,
  same,
  undone,
  withoutSpan,
  withPoints,
  withRest,
  withSpan,
} from "./corrections";

test("spans that touch become one, whichever end was marked first", () => {
  const cough = (first: number, last: number) => ({ first, last, reason: "cough" });
  let made = withSpan(NONE, cough(10, 5));
  made = withSpan(made, cough(11, 14));
  expect(made.excluded_frames).toEqual([cough(5, 14)]);
  made = withSpan(made, { ...cough(8, 20), reason: "blink" });
  expect(made.excluded_frames).toHaveLength(2);
  expect(withoutSpan(made, 0).excluded_frames).toEqual([{ first: 8, last: 20, reason: "blink" }]);
});

test("every change can be undone and done again", () => {
  const first = withRest(NONE, 12);
  const second = withSpan(first, { first: 1, last: 2, reason: "x" });
  const draft = changed(changed(begun(), first), second);
  expect(undone(draft).present).toEqual(first);
  expect(undone(undone(undone(draft))).present).toEqual(NONE);
  expect(redone(redone(undone(undone(draft)))).present).toEqual(second);
  expect(redone(changed(undone(draft), NONE)).present).toEqual(NONE);
});

test("points belong to a view and a frame, and go with the last of them", () => {
  const made = withPoints(NONE, "center", 7, { 61: [1, 2] });
  expect(pointsOf(made, "center", 7)).toEqual({ 61: [1, 2] });
  expect(pointsOf(made, "left", 7)).toEqual({});
  expect(countPoints(made)).toBe(1);
  expect(same(withPoints(made, "center", 7, {}), NONE)).toBe(true);
  const one = withPoints(made, "left", 3, { 0: [1, 1] });
  const other = withPoints(withPoints(NONE, "left", 3, { 0: [1, 1] }), "center", 7, { 61: [1, 2] });
  expect(same(one, other)).toBe(true);
});
