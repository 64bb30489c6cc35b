// The symmetry plane of a take, read back from its asymmetry field, and reflection in it.
//
// The service publishes the field, not the plane. The field is n . (x - x'), with x' the mirror
// image of a vertex's counterpart and n the normal of the rest mesh made symmetric, so three
// unknowns stand against thousands of values, and come out to a micrometre.

import { vertexNormals } from "./normals";

/** Points with normal . x = offsetMm; the normal is a unit vector to the patient's left. */
export interface Plane {
  normal: [number, number, number];
  offsetMm: number;
}

/** The head frame's own plane, x = 0. */
export const MIDDLE: Plane = { normal: [1, 0, 0], offsetMm: 0 };

/** Mirror image of one point. */
export function reflectPoint(
  x: number,
  y: number,
  z: number,
  { normal: [nx, ny, nz], offsetMm }: Plane,
): [number, number, number] {
  const twice = 2 * (x * nx + y * ny + z * nz - offsetMm);
  return [x - twice * nx, y - twice * ny, z - twice * nz];
}

/** The mesh seen in the mirror: vertex v is where the image of its counterpart lies. */
export function mirrorMesh(
  positions: Float32Array,
  mirror: Uint32Array,
  plane: Plane,
  into: Float32Array,
): Float32Array {
  const [nx, ny, nz] = plane.normal;
  for (let v = 0; v < mirror.length; v++) {
    const m = 3 * (mirror[v] as number);
    const x = positions[m] as number;
    const y = positions[m + 1] as number;
    const z = positions[m + 2] as number;
    const twice = 2 * (x * nx + y * ny + z * nz - plane.offsetMm);
    into[3 * v] = x - twice * nx;
    into[3 * v + 1] = y - twice * ny;
    into[3 * v + 2] = z - twice * nz;
  }
  return into;
}

/** Normals of the rest mesh made symmetric: n_v + R n_mirror(v), of unit length. */
export function symmetricNormals(
  restNormals: Float32Array,
  mirror: Uint32Array,
  plane: Plane,
): Float32Array {
  const [nx, ny, nz] = plane.normal;
  const out = new Float32Array(restNormals.length);
  for (let v = 0; v < mirror.length; v++) {
    const m = 3 * (mirror[v] as number);
    const mx = restNormals[m] as number;
    const my = restNormals[m + 1] as number;
    const mz = restNormals[m + 2] as number;
    const twice = 2 * (mx * nx + my * ny + mz * nz);
    const x = (restNormals[3 * v] as number) + mx - twice * nx;
    const y = (restNormals[3 * v + 1] as number) + my - twice * ny;
    const z = (restNormals[3 * v + 2] as number) + mz - twice * nz;
    const length = Math.sqrt(x * x + y * y + z * z) || 1;
    out[3 * v] = x / length;
    out[3 * v + 1] = y / length;
    out[3 * v + 2] = z / length;
  }
  return out;
}

/** The component along `normals` of each vertex minus its mirrored counterpart, in mm. */
export function asymmetryOf(
  positions: Float32Array,
  mirror: Uint32Array,
  normals: Float32Array,
  plane: Plane,
): Float32Array {
  const image = mirrorMesh(positions, mirror, plane, new Float32Array(positions.length));
  const out = new Float32Array(mirror.length);
  for (let v = 0; v < mirror.length; v++) {
    let sum = 0;
    for (let c = 0; c < 3; c++) {
      const i = 3 * v + c;
      sum += (normals[i] as number) * ((positions[i] as number) - (image[i] as number));
    }
    out[v] = sum;
  }
  return out;
}

function planeOf([y, z, offsetMm]: readonly number[]): Plane {
  const ny = y ?? 0;
  const nz = z ?? 0;
  const length = Math.sqrt(1 + ny * ny + nz * nz);
  return { normal: [1 / length, ny / length, nz / length], offsetMm: offsetMm ?? 0 };
}

/** Solve a 3 x 3 system by Cramer's rule; null where it has no single answer. */
function solve3(a: number[], b: number[]): number[] | null {
  const at = (r: number, c: number) => a[3 * r + c] as number;
  const det = (m: (r: number, c: number) => number) =>
    m(0, 0) * (m(1, 1) * m(2, 2) - m(1, 2) * m(2, 1)) -
    m(0, 1) * (m(1, 0) * m(2, 2) - m(1, 2) * m(2, 0)) +
    m(0, 2) * (m(1, 0) * m(2, 1) - m(1, 1) * m(2, 0));
  const whole = det(at);
  if (Math.abs(whole) < 1e-12) return null;
  return [0, 1, 2].map(
    (column) => det((r, c) => (c === column ? (b[r] as number) : at(r, c))) / whole,
  );
}

/**
 * The plane behind an asymmetry field, by Gauss-Newton over the vertices that have a value.
 * positions and field belong to the same frame; restMm is the mesh at rest.
 */
export function planeBehind(
  positions: Float32Array,
  field: Float32Array,
  restMm: Float32Array,
  faces: Uint32Array,
  mirror: Uint32Array,
  among: Uint8Array,
): Plane {
  const restNormals = vertexNormals(restMm, faces, new Float32Array(restMm.length));
  const differences = (parameters: readonly number[]) => {
    const plane = planeOf(parameters);
    const normals = symmetricNormals(restNormals, mirror, plane);
    return asymmetryOf(positions, mirror, normals, plane);
  };
  const step = [1e-3, 1e-3, 1e-2];
  let parameters = [0, 0, 0];
  for (let round = 0; round < 4; round++) {
    const now = differences(parameters);
    const moved = step.map((h, k) =>
      differences(parameters.map((value, i) => (i === k ? value + h : value))),
    );
    const a = new Array<number>(9).fill(0);
    const b = [0, 0, 0];
    let used = 0;
    for (let v = 0; v < mirror.length; v++) {
      const value = field[v] as number;
      if (!among[v] || Number.isNaN(value)) continue;
      used += 1;
      const left = value - (now[v] as number);
      const slope = moved.map(
        (values, k) => ((values[v] as number) - (now[v] as number)) / (step[k] as number),
      );
      for (let r = 0; r < 3; r++) {
        b[r] = (b[r] as number) + (slope[r] as number) * left;
        for (let c = 0; c < 3; c++) {
          a[3 * r + c] = (a[3 * r + c] as number) + (slope[r] as number) * (slope[c] as number);
        }
      }
    }
    const change = used > 3 ? solve3(a, b) : null;
    if (!change) return planeOf(parameters);
    parameters = parameters.map((value, k) => value + (change[k] as number));
  }
  return planeOf(parameters);
}
