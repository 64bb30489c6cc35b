// What a click or the calliper tells in millimetres; numbers only, no drawing.

import type { Plane } from "./plane";
import { reflectPoint } from "./plane";

/** Half of a 95 % interval from 1 SD. */
export const HALF_95 = 1.959964;

export interface Measured {
  valueMm: number;
  /** Half of the 95 % interval, or null where the take does not say its uncertainty. */
  halfMm: number | null;
}

/**
 * The distance between two vertices. The interval adds both uncertainties squared, as if their
 * errors were independent: errors that both share would cancel, so it is rather too wide.
 */
export function distance(
  positions: Float32Array,
  a: number,
  b: number,
  sigma: Float32Array | null,
): Measured {
  const valueMm = Math.hypot(
    (positions[3 * a] as number) - (positions[3 * b] as number),
    (positions[3 * a + 1] as number) - (positions[3 * b + 1] as number),
    (positions[3 * a + 2] as number) - (positions[3 * b + 2] as number),
  );
  return { valueMm, halfMm: halfOf(sigma?.[a], sigma?.[b]) };
}

/** Half of the 95 % interval of something that two errors go into. */
export function halfOf(a: number | undefined, b: number | undefined): number | null {
  if (a === undefined || b === undefined || Number.isNaN(a) || Number.isNaN(b)) return null;
  return HALF_95 * Math.hypot(a, b);
}

/** How far a vertex is from the mirror image of its counterpart. */
export function mirrorDistance(
  positions: Float32Array,
  mirror: Uint32Array,
  plane: Plane,
  v: number,
): number {
  const m = 3 * (mirror[v] as number);
  const [x, y, z] = reflectPoint(
    positions[m] as number,
    positions[m + 1] as number,
    positions[m + 2] as number,
    plane,
  );
  return Math.hypot(
    (positions[3 * v] as number) - x,
    (positions[3 * v + 1] as number) - y,
    (positions[3 * v + 2] as number) - z,
  );
}

/** Root mean square and mean over some vertices; vertices without a value do not count. */
export function summarise(
  values: Float32Array,
  vertices: readonly number[],
): { mean: number; rms: number } | null {
  let sum = 0;
  let squares = 0;
  let count = 0;
  for (const v of vertices) {
    const value = values[v] as number;
    if (Number.isNaN(value)) continue;
    sum += value;
    squares += value * value;
    count += 1;
  }
  return count === 0 ? null : { mean: sum / count, rms: Math.sqrt(squares / count) };
}

/** Vertex-wise median of some meshes (all of one length). */
export function medianMesh(meshes: readonly Float32Array[]): Float32Array {
  const first = meshes[0];
  if (!first) return new Float32Array();
  const out = new Float32Array(first.length);
  const values = new Float64Array(meshes.length);
  const half = meshes.length >> 1;
  for (let i = 0; i < first.length; i++) {
    for (let m = 0; m < meshes.length; m++) values[m] = (meshes[m] as Float32Array)[i] as number;
    values.sort();
    out[i] =
      meshes.length % 2
        ? (values[half] as number)
        : ((values[half - 1] as number) + (values[half] as number)) / 2;
  }
  return out;
}
