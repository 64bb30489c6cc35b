// What the face detector's numbers mean: anchors, boxes, and hints for whoever films. Pure.

export const SIZE = 128;
const MIN_SCORE = 0.5;
/** Two finds that overlap by more are one face. */
const SAME_FACE = 0.3;

export interface Face {
  /** Left, top, right, bottom as shares of the picture's width and height. */
  box: [number, number, number, number];
  /** The subject's right eye, left eye, nose tip, mouth, right ear, left ear; shares, too. */
  points: [number, number][];
  score: number;
}

/** Centres of the 896 anchors, in shares of the square: two on a 16 grid, six on an 8 grid. */
export function anchors(): [number, number][] {
  const made: [number, number][] = [];
  for (const [cells, each] of [
    [16, 2],
    [8, 6],
  ] as const) {
    for (let y = 0; y < cells; y++) {
      for (let x = 0; x < cells; x++) {
        for (let k = 0; k < each; k++) made.push([(x + 0.5) / cells, (y + 0.5) / cells]);
      }
    }
  }
  return made;
}

/**
 * Faces in a picture of `width` x `height` that was fitted into the middle of a black square.
 * raw: (896, 16) centre, size and six points in pixels of the square from the anchor; logits: (896).
 */
export function facesOf(
  raw: Float32Array,
  logits: Float32Array,
  width: number,
  height: number,
  centres: [number, number][] = anchors(),
): Face[] {
  const longest = Math.max(width, height);
  const toX = (x: number) => ((x - 0.5) * longest) / width + 0.5;
  const toY = (y: number) => ((y - 0.5) * longest) / height + 0.5;
  const found: Face[] = [];
  centres.forEach(([ax, ay], i) => {
    const score = 1 / (1 + Math.exp(-Math.max(-100, Math.min(100, logits[i] ?? -100))));
    if (score <= MIN_SCORE) return;
    const value = (k: number) => (raw[16 * i + k] ?? 0) / SIZE;
    const x = ax + value(0);
    const y = ay + value(1);
    const halfX = value(2) / 2;
    const halfY = value(3) / 2;
    const points = [2, 3, 4, 5, 6, 7].map((k): [number, number] => [
      toX(ax + value(2 * k)),
      toY(ay + value(2 * k + 1)),
    ]);
    found.push({
      box: [toX(x - halfX), toY(y - halfY), toX(x + halfX), toY(y + halfY)],
      points,
      score,
    });
  });
  return merged(found);
}

function overlap(a: Face, b: Face): number {
  const width = Math.min(a.box[2], b.box[2]) - Math.max(a.box[0], b.box[0]);
  const height = Math.min(a.box[3], b.box[3]) - Math.max(a.box[1], b.box[1]);
  if (width <= 0 || height <= 0) return 0;
  const area = ({ box }: Face) => (box[2] - box[0]) * (box[3] - box[1]);
  return (width * height) / (area(a) + area(b) - width * height);
}

/** Finds of one face become their score-weighted mean; the largest face comes first. */
function merged(found: Face[]): Face[] {
  const waiting = [...found].sort((a, b) => b.score - a.score);
  const faces: Face[] = [];
  while (waiting.length > 0) {
    const best = waiting[0] as Face;
    const same = waiting.filter((face) => face === best || overlap(best, face) > SAME_FACE);
    for (const face of same) waiting.splice(waiting.indexOf(face), 1);
    const total = same.reduce((sum, face) => sum + face.score, 0);
    const mean = (of: (face: Face) => number) =>
      same.reduce((sum, face) => sum + face.score * of(face), 0) / total;
    faces.push({
      box: [0, 1, 2, 3].map((k) => mean((face) => face.box[k] as number)) as Face["box"],
      points: best.points.map((_, k): [number, number] => [
        mean((face) => face.points[k]?.[0] ?? 0),
        mean((face) => face.points[k]?.[1] ?? 0),
      ]),
      score: best.score,
    });
  }
  return faces.sort((a, b) => b.box[3] - b.box[1] - (a.box[3] - a.box[1]));
}

export interface Light {
  /** Mean of the face, 0 to 255. */
  mean: number;
  /** Mean of the picture's left half of the face over that of its right half. */
  leftOverRight: number;
}

export type HintName =
  | "none"
  | "several"
  | "small"
  | "large"
  | "edge"
  | "dark"
  | "bright"
  | "uneven"
  | "turned"
  | "tilted"
  | "good";

// The iris is about a nineteenth of the face's height; 40 px of 1080 lines are wanted.
const IRIS_SHARE = 1 / 19;
const MIN_IRIS_PX = 40;

/** How far the nose stands off the middle of the eyes, over their distance; 0 is straight ahead. */
export function turnOf(face: Face, aspect: number): number {
  const [right, left, nose] = face.points as [[number, number], [number, number], [number, number]];
  const across = Math.abs(left[0] - right[0]) * aspect;
  const middle = (left[0] + right[0]) / 2;
  return across > 1e-6 ? Math.abs((nose[0] - middle) * aspect) / across : 1;
}

/** The slope of the line through both eyes, in degrees. */
export function tiltOf(face: Face, aspect: number): number {
  const [right, left] = face.points as [[number, number], [number, number]];
  const degrees = (Math.atan2(left[1] - right[1], (left[0] - right[0]) * aspect) * 180) / Math.PI;
  // The line has no direction: mirrored previews turn it round.
  return Math.abs(degrees) > 90 ? 180 - Math.abs(degrees) : Math.abs(degrees);
}

/** The one thing to change first. */
export function hintOf(
  faces: readonly Face[],
  light: Light | null,
  frame: { width: number; height: number },
  front: boolean,
): HintName {
  const [face, second] = faces;
  if (!face) return "none";
  const tall = (one: Face) => one.box[3] - one.box[1];
  if (second && tall(second) > 0.6 * tall(face)) return "several";
  const [left, top, right, bottom] = face.box;
  if (left < 0.01 || right > 0.99 || top < 0.01 || bottom > 0.99) return "edge";
  if (tall(face) * frame.height * IRIS_SHARE < MIN_IRIS_PX) return "small";
  if (tall(face) > 0.8) return "large";
  const aspect = frame.width / frame.height;
  if (tiltOf(face, aspect) > 10) return "tilted";
  if (front && turnOf(face, aspect) > 0.18) return "turned";
  if (light) {
    if (light.mean < 55) return "dark";
    if (light.mean > 225) return "bright";
    if (light.leftOverRight > 1.6 || light.leftOverRight < 1 / 1.6) return "uneven";
  }
  return "good";
}

/** How light the two halves of a face are, from the RGBA of the whole square. */
export function lightOf(rgba: Uint8ClampedArray, face: Face, width: number, height: number): Light {
  const longest = Math.max(width, height);
  const toSquare = (share: number, length: number) =>
    Math.round(((share - 0.5) * (length / longest) + 0.5) * SIZE);
  const [x0, x1] = [toSquare(face.box[0], width), toSquare(face.box[2], width)];
  const [y0, y1] = [toSquare(face.box[1], height), toSquare(face.box[3], height)];
  const middle = (x0 + x1) / 2;
  const sums = { left: 0, right: 0 };
  const counts = { left: 0, right: 0 };
  for (let y = Math.max(0, y0); y < Math.min(SIZE, y1); y++) {
    for (let x = Math.max(0, x0); x < Math.min(SIZE, x1); x++) {
      const at = 4 * (SIZE * y + x);
      const half = x < middle ? "left" : "right";
      sums[half] +=
        0.2126 * (rgba[at] ?? 0) + 0.7152 * (rgba[at + 1] ?? 0) + 0.0722 * (rgba[at + 2] ?? 0);
      counts[half] += 1;
    }
  }
  const left = sums.left / Math.max(1, counts.left);
  const right = sums.right / Math.max(1, counts.right);
  const all = Math.max(1, counts.left + counts.right);
  return { mean: (sums.left + sums.right) / all, leftOverRight: left / Math.max(1, right) };
}
