import { describe, expect, it } from "vitest";
import { distance, medianMesh, mirrorDistance, summarise } from "./measuring";
import { vertexNormals } from "./normals";
import {
  asymmetryOf,
  MIDDLE,
  mirrorMesh,
  type Plane,
  planeBehind,
  reflectPoint,
  symmetricNormals,
} from "./plane";

// A dome of n x n vertices, symmetric about x = 0; column c and n-1-c are counterparts.
const N = 9;
const dome = new Float32Array(3 * N * N);
const mirror = new Uint32Array(N * N);
const triangles: number[] = [];
for (let r = 0; r < N; r++) {
  for (let c = 0; c < N; c++) {
    const x = 10 * (c - (N - 1) / 2);
    const y = 10 * (r - (N - 1) / 2);
    dome.set([x, y, 60 - 0.02 * (x * x + y * y)], 3 * (r * N + c));
    mirror[r * N + c] = r * N + (N - 1 - c);
    if (r + 1 < N && c + 1 < N) {
      const a = r * N + c;
      triangles.push(a, a + 1, a + N, a + 1, a + N + 1, a + N);
    }
  }
}
const faces = Uint32Array.from(triangles);
const all = new Uint8Array(N * N).fill(1);

/** A lop-sided frame: the half with x > 0 droops. */
function drooping(): Float32Array {
  const moved = Float32Array.from(dome);
  for (let v = 0; v < N * N; v++) {
    if ((dome[3 * v] as number) > 0) moved[3 * v + 1] = (moved[3 * v + 1] as number) - 4;
    moved[3 * v + 2] = (moved[3 * v + 2] as number) + Math.sin(v);
  }
  return moved;
}

describe("the mirror", () => {
  const tilted: Plane = { normal: [0.998, 0.05, 0.0384], offsetMm: 1.5 };

  it("gives the point back when looked at twice", () => {
    const once = reflectPoint(12, -7, 30, MIDDLE);
    expect(once).toEqual([-12, -7, 30]);
    expect(reflectPoint(...once, MIDDLE)).toEqual([12, -7, 30]);
  });

  it("leaves a symmetric mesh where it is", () => {
    const image = mirrorMesh(dome, mirror, MIDDLE, new Float32Array(dome.length));
    expect(image).toEqual(dome);
    expect(mirrorDistance(dome, mirror, MIDDLE, 3)).toBe(0);
  });

  it("takes each vertex to the image of its counterpart", () => {
    const mesh = drooping();
    const image = mirrorMesh(mesh, mirror, tilted, new Float32Array(mesh.length));
    const m = mirror[20] as number;
    const [x, y, z] = reflectPoint(
      mesh[3 * m] as number,
      mesh[3 * m + 1] as number,
      mesh[3 * m + 2] as number,
      tilted,
    );
    expect(image[60]).toBeCloseTo(x, 4);
    expect(image[61]).toBeCloseTo(y, 4);
    expect(image[62]).toBeCloseTo(z, 4);
    expect(mirrorDistance(mesh, mirror, tilted, 20)).toBeCloseTo(
      Math.hypot((mesh[60] as number) - x, (mesh[61] as number) - y, (mesh[62] as number) - z),
      4,
    );
  });

  it("makes a field that is odd: a side's surplus is the other's lack", () => {
    const normals = vertexNormals(dome, faces, new Float32Array(dome.length));
    const field = asymmetryOf(
      drooping(),
      mirror,
      symmetricNormals(normals, mirror, MIDDLE),
      MIDDLE,
    );
    for (let v = 0; v < N * N; v++) {
      expect(field[v]).toBeCloseTo(-(field[mirror[v] as number] as number), 4);
    }
  });
});

describe("the plane behind a field", () => {
  it.each([
    [0, 0, 0],
    [0.01, -0.02, 0.8],
    [-0.05, 0.03, -2.5],
  ])("is found again: %f, %f, %f mm", (y, z, offsetMm) => {
    const length = Math.hypot(1, y, z);
    const plane: Plane = { normal: [1 / length, y / length, z / length], offsetMm };
    const mesh = drooping();
    const normals = vertexNormals(dome, faces, new Float32Array(dome.length));
    const field = asymmetryOf(mesh, mirror, symmetricNormals(normals, mirror, plane), plane);
    // As it is stored: hundredths of a millimetre, some missing.
    const stored = field.map((value) => Math.round(value * 100) / 100);
    stored[4] = Number.NaN;
    const found = planeBehind(mesh, stored, dome, faces, mirror, all);
    expect(found.offsetMm).toBeCloseTo(offsetMm, 2);
    found.normal.forEach((value, i) => {
      expect(value).toBeCloseTo(plane.normal[i] as number, 3);
    });
  });
});

describe("the calliper", () => {
  const positions = Float32Array.of(0, 0, 0, 3, 4, 12);

  it("measures straight distances", () => {
    expect(distance(positions, 0, 1, null)).toEqual({ valueMm: 13, halfMm: null });
    expect(distance(positions, 1, 1, null).valueMm).toBe(0);
  });

  it("adds both uncertainties squared, and says nothing where one is missing", () => {
    expect(distance(positions, 0, 1, Float32Array.of(0.3, 0.4)).halfMm).toBeCloseTo(0.98, 3);
    expect(distance(positions, 0, 1, Float32Array.of(0.3, Number.NaN)).halfMm).toBeNull();
  });
});

describe("summaries", () => {
  it("leave out vertices without a value", () => {
    const values = Float32Array.of(1, Number.NaN, -3);
    expect(summarise(values, [0, 1, 2])).toEqual({ mean: -1, rms: Math.sqrt(5) });
    expect(summarise(values, [1])).toBeNull();
  });

  it("take the median of meshes vertex by vertex", () => {
    const meshes = [1, 9, 2, 4].map((value) => Float32Array.of(value, -value));
    expect([...medianMesh(meshes.slice(0, 3))]).toEqual([2, -2]);
    expect([...medianMesh(meshes)]).toEqual([3, -3]);
  });
});
