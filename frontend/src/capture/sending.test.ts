import { expect, test } from "vitest";
import { fingerprintOf, problemIn, speedOf } from "./sending";

test("a file is known again without its name", () => {
  const file = new File(["abc"], "Jane Doe smiling.mp4", { lastModified: 7 });
  const told = fingerprintOf(file, "r1", "left");
  expect(told).not.toMatch(/jane|doe|smiling/i);
  expect(fingerprintOf(new File(["abc"], "other.mp4", { lastModified: 7 }), "r1", "left")).toBe(
    told,
  );
  expect(fingerprintOf(file, "r1", "right")).not.toBe(told);
  expect(fingerprintOf(new File(["abcd"], "x", { lastModified: 7 }), "r1", "left")).not.toBe(told);
});

test("speed is told over the last moments only, and not from nothing", () => {
  expect(speedOf([])).toBeNull();
  expect(
    speedOf([
      { atMs: 0, bytes: 0 },
      { atMs: 50, bytes: 9 },
    ]),
  ).toBeNull();
  expect(
    speedOf([
      { atMs: 0, bytes: 0 },
      { atMs: 2000, bytes: 4e6 },
    ]),
  ).toBe(2e6);
});

test("the service's own words are shown, and plain ones where there are none", () => {
  expect(problemIn(new Error("gone")).code).toBe("unreachable");
  const refusal = Object.assign(new Error("no"), {
    originalResponse: {
      getStatus: () => 422,
      getBody: () =>
        JSON.stringify({ detail: "Not a video.", next_step: "Send another.", status: 422 }),
    },
  });
  expect(problemIn(refusal).nextStep).toBe("Send another.");
  const proxy = Object.assign(new Error("no"), {
    originalResponse: { getStatus: () => 502, getBody: () => "<html>" },
  });
  expect(problemIn(proxy).message).toContain("502");
});
