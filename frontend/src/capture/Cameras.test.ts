import { expect, test } from "vitest";
import { promptAt } from "./Cameras";
import { offsetsOf, supportedType } from "./recorder";

const SMILE = { rest_before_s: 2, movement_s: 3.5, rest_after_s: 2, repetitions: 3 };

test("prompts follow the protocol", () => {
  expect(promptAt(0, SMILE)).toBe("rest");
  expect(promptAt(2.1, SMILE)).toBe("move");
  expect(promptAt(6, SMILE)).toBe("relax");
  expect(promptAt(7.6, SMILE)).toBe("rest");
  expect(promptAt(15 + 2.1, SMILE)).toBe("move");
  expect(promptAt(60, SMILE)).toBe("relax");
});

test("the first camera to begin is the clock", () => {
  expect(offsetsOf({ left: 1040, center: 1000, right: 1010 })).toEqual({
    left: 0.04,
    center: 0,
    right: 0.01,
  });
});

test("mp4 is preferred, webm will do", () => {
  expect(supportedType(() => true)).toContain("mp4");
  expect(supportedType((type) => type.includes("vp8"))).toBe("video/webm;codecs=vp8");
  expect(supportedType(() => false)).toBeNull();
});
