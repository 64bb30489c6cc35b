import { expect, test } from "vitest";
import { anchors, type Face, facesOf, hintOf, lightOf, SIZE, tiltOf, turnOf } from "./detector";

const FRAME = { width: 1920, height: 1080 };
const FULL_HD = 1920 / 1080;

function face(part: Partial<Face> = {}): Face {
  return {
    box: [0.3, 0.1, 0.7, 0.85],
    points: [
      [0.42, 0.4],
      [0.58, 0.4],
      [0.5, 0.55],
      [0.5, 0.7],
      [0.33, 0.45],
      [0.67, 0.45],
    ],
    score: 0.9,
    ...part,
  };
}

test("the anchors are those of the network", () => {
  const made = anchors();
  expect(made).toHaveLength(896);
  expect(made[0]).toEqual([1 / 32, 1 / 32]);
  expect(made[895]).toEqual([15 / 16, 15 / 16]);
});

test("a face comes out where it is, in a wide picture as in a square one", () => {
  const raw = new Float32Array(896 * 16);
  const logits = new Float32Array(896).fill(-20);
  // The middle of the square, a quarter of it wide; a second find of the same face beside it.
  const at = 2 * (16 * 8 + 8);
  for (const i of [at, at + 1]) {
    logits[i] = 5;
    raw.set([-4, -4, 32, 32], 16 * i);
  }
  const [found, ...more] = facesOf(raw, logits, 1920, 1080);
  expect(more).toEqual([]);
  const [left, top, right, bottom] = found?.box ?? [];
  expect(left).toBeCloseTo(0.375);
  expect(right).toBeCloseTo(0.625);
  expect(((top as number) + (bottom as number)) / 2).toBeCloseTo(0.5);
  expect((bottom as number) - (top as number)).toBeCloseTo(0.25 * (1920 / 1080));
});

test("the first thing to change is said", () => {
  const even = { mean: 120, leftOverRight: 1 };
  expect(hintOf([], even, FRAME, true)).toBe("none");
  expect(hintOf([face()], even, FRAME, true)).toBe("good");
  expect(hintOf([face(), face()], even, FRAME, true)).toBe("several");
  expect(hintOf([face({ box: [0.4, 0.3, 0.6, 0.6] })], even, FRAME, true)).toBe("small");
  expect(hintOf([face({ box: [0.3, 0, 0.7, 0.8] })], even, FRAME, true)).toBe("edge");
  expect(hintOf([face()], { mean: 20, leftOverRight: 1 }, FRAME, true)).toBe("dark");
  expect(hintOf([face()], { mean: 120, leftOverRight: 2 }, FRAME, true)).toBe("uneven");
  const turned = face({ points: face().points.map((p, i) => (i === 2 ? [0.56, 0.55] : p)) });
  expect(hintOf([turned], even, FRAME, true)).toBe("turned");
  // A side camera is meant to see the face from the side.
  expect(hintOf([turned], even, FRAME, false)).toBe("good");
});

test("turn and tilt do not depend on whether the picture is mirrored", () => {
  const mirrored = face({ points: face().points.map(([x, y]) => [1 - x, y]) });
  expect(turnOf(mirrored, FULL_HD)).toBeCloseTo(turnOf(face(), FULL_HD));
  const tilted = (flip: boolean) =>
    face({
      points: [
        [0.42, 0.4],
        [0.58, 0.5],
      ].map(([x, y]) => [flip ? 1 - (x as number) : x, y]) as Face["points"],
    });
  expect(tiltOf(tilted(true), FULL_HD)).toBeCloseTo(tiltOf(tilted(false), FULL_HD));
  expect(tiltOf(tilted(false), FULL_HD)).toBeGreaterThan(10);
});

test("light from one side is told", () => {
  const rgba = new Uint8ClampedArray(4 * SIZE * SIZE);
  for (let i = 0; i < SIZE * SIZE; i++) rgba.fill(i % SIZE < SIZE / 2 ? 200 : 50, 4 * i, 4 * i + 3);
  const light = lightOf(rgba, face(), 1920, 1080);
  expect(light.leftOverRight).toBeCloseTo(4, 0);
  expect(light.mean).toBeGreaterThan(100);
});
