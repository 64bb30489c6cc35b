// What is drawn on the face: arrows of movement, the chosen region, picked points, the calliper.

import {
  type BufferAttribute,
  ConeGeometry,
  CylinderGeometry,
  DynamicDrawUsage,
  Group,
  InstancedMesh,
  Matrix4,
  MeshBasicMaterial,
  Quaternion,
  SphereGeometry,
  Vector3,
} from "three";
import { LineMaterial } from "three/examples/jsm/lines/LineMaterial.js";
import { LineSegments2 } from "three/examples/jsm/lines/LineSegments2.js";
import { LineSegmentsGeometry } from "three/examples/jsm/lines/LineSegmentsGeometry.js";
import { outlineEdges, type Side, type Topology, verticesOf } from "./topology";

const MAX_ARROWS = 40;
const ARROW = 0x14181f;
const RIM = 0xffffff;
const PICKED = 0x14181f;
const CHOSEN = 0x6a3fb5;
const CALLIPER = 0x14181f;
const UP = new Vector3(0, 1, 0);
/** Shorter movements are noise to the eye. */
const LEAST_ARROW_MM = 0.3;

export interface Arrow {
  /** Vertices whose mean it stands for. */
  vertices: readonly number[];
}

export class Marks {
  readonly group = new Group();
  private readonly topology: Topology;
  private readonly positions: Float32Array;
  private readonly shafts: InstancedMesh;
  private readonly heads: InstancedMesh;
  /** A light rim around each arrow, so that it is seen on dark colours, too. */
  private readonly shaftRims: InstancedMesh;
  private readonly headRims: InstancedMesh;
  private readonly spots: InstancedMesh;
  private readonly chosen: LineSegments2;
  private readonly calliper: LineSegments2;
  private readonly camera = new Vector3(0, 0, 600);
  private arrows: readonly Arrow[] = [];
  private restMm: Float32Array | null = null;
  private magnification = 1;
  private chosenEdges: number[] = [];
  private picked: number | null = null;
  private ends: number[] = [];

  constructor(topology: Topology, positions: Float32Array) {
    this.topology = topology;
    this.positions = positions;
    const dark = new MeshBasicMaterial({ color: ARROW, depthTest: false, transparent: true });
    this.shafts = new InstancedMesh(new CylinderGeometry(0.45, 0.45, 1, 10), dark, MAX_ARROWS);
    this.heads = new InstancedMesh(new ConeGeometry(1.5, 3.4, 14), dark, MAX_ARROWS);
    const light = new MeshBasicMaterial({ color: RIM, depthTest: false, transparent: true });
    this.shaftRims = new InstancedMesh(new CylinderGeometry(0.95, 0.95, 1, 10), light, MAX_ARROWS);
    this.headRims = new InstancedMesh(new ConeGeometry(2.3, 4.9, 14), light, MAX_ARROWS);
    const spot = new MeshBasicMaterial({ color: PICKED, depthTest: false, transparent: true });
    this.spots = new InstancedMesh(new SphereGeometry(1, 16, 12), spot, 3);
    this.chosen = fatLines(CHOSEN, 2.5, true);
    this.calliper = fatLines(CALLIPER, 2, false);
    for (const one of this.instanced()) {
      one.instanceMatrix.setUsage(DynamicDrawUsage);
      one.frustumCulled = false;
      one.count = 0;
      one.renderOrder = 5;
    }
    this.shaftRims.renderOrder = 4;
    this.headRims.renderOrder = 4;
    this.group.add(this.chosen, this.calliper, ...this.instanced());
  }

  /** Arrows from rest to the present place, `magnification` times as long; none removes them. */
  setArrows(arrows: readonly Arrow[], restMm: Float32Array | null, magnification = 1): void {
    this.arrows = arrows.slice(0, MAX_ARROWS);
    this.restMm = restMm;
    this.magnification = magnification;
    this.update();
  }

  /** The outline of a region, of one half or whole; null removes it. */
  setChosen(region: string | null, side: Side | "both" = "both"): void {
    const edges = region ? outlineEdges(this.topology, region) : [];
    const sign = side === "left" ? 1 : side === "right" ? -1 : 0;
    this.chosenEdges = [];
    for (let i = 0; i < edges.length; i += 2) {
      const a = edges[i] as number;
      const b = edges[i + 1] as number;
      const half = (this.topology.side[a] ?? 0) + (this.topology.side[b] ?? 0);
      if (sign === 0 || half * sign > 0) this.chosenEdges.push(a, b);
    }
    this.update();
  }

  setPicked(vertex: number | null): void {
    this.picked = vertex;
    this.update();
  }

  /** None, one, or both ends of the calliper. */
  setCalliper(ends: readonly number[]): void {
    this.ends = ends.slice(0, 2);
    this.update();
  }

  faceCamera(position: Vector3): void {
    this.camera.copy(position);
    this.update();
  }

  resize(width: number, height: number): void {
    for (const lines of [this.chosen, this.calliper]) lines.material.resolution.set(width, height);
  }

  /** The mesh has moved, or what is marked has changed. */
  update(): void {
    this.updateArrows();
    this.updateSpots();
    this.updateLines(this.chosen, this.chosenEdges);
    this.updateLines(this.calliper, this.ends.length === 2 ? this.ends : []);
  }

  dispose(): void {
    for (const one of this.instanced()) {
      one.geometry.dispose();
      (one.material as MeshBasicMaterial).dispose();
      one.dispose();
    }
    for (const lines of [this.chosen, this.calliper]) {
      lines.geometry.dispose();
      lines.material.dispose();
    }
  }

  private instanced(): InstancedMesh[] {
    return [this.shaftRims, this.headRims, this.shafts, this.heads, this.spots];
  }

  private updateArrows(): void {
    const rest = this.restMm;
    let count = 0;
    if (rest) {
      const from = new Vector3();
      const to = new Vector3();
      const along = new Vector3();
      const turn = new Quaternion();
      const size = new Vector3(1, 1, 1);
      const matrix = new Matrix4();
      for (const { vertices } of this.arrows) {
        mean(rest, vertices, from);
        mean(this.positions, vertices, to);
        along.subVectors(to, from).multiplyScalar(this.magnification);
        const length = along.length();
        // What is on the far side of the head would shine through it.
        const hidden = this.isBehind(to);
        if (length < LEAST_ARROW_MM * this.magnification || hidden) continue;
        turn.setFromUnitVectors(UP, along.clone().divideScalar(length));
        const head = Math.min(3.4, length * 0.6);
        const shaft = length - head;
        size.set(1, Math.max(shaft, 0.01), 1);
        matrix.compose(from.clone().addScaledVector(along, shaft / 2 / length), turn, size);
        this.shafts.setMatrixAt(count, matrix);
        this.shaftRims.setMatrixAt(count, matrix);
        size.setScalar(head / 3.4);
        matrix.compose(from.clone().addScaledVector(along, 1 - head / 2 / length), turn, size);
        this.heads.setMatrixAt(count, matrix);
        this.headRims.setMatrixAt(count, matrix);
        count += 1;
      }
    }
    for (const one of [this.shafts, this.heads, this.shaftRims, this.headRims]) {
      one.count = count;
      one.instanceMatrix.needsUpdate = true;
    }
  }

  private updateSpots(): void {
    const vertices = [...(this.picked === null ? [] : [this.picked]), ...this.ends];
    const matrix = new Matrix4();
    const point = new Vector3();
    vertices.forEach((v, i) => {
      point.fromArray(this.positions, 3 * v);
      const size = 0.0022 * point.distanceTo(this.camera);
      matrix.makeScale(size, size, size).setPosition(point);
      this.spots.setMatrixAt(i, matrix);
    });
    this.spots.count = vertices.length;
    this.spots.instanceMatrix.needsUpdate = true;
  }

  private updateLines(lines: LineSegments2, edges: readonly number[]): void {
    lines.visible = edges.length > 0;
    if (edges.length === 0) return;
    const points = new Float32Array(3 * edges.length);
    edges.forEach((v, i) => {
      points.set(this.positions.subarray(3 * v, 3 * v + 3), 3 * i);
    });
    const buffer = lines.geometry.getAttribute("instanceStart") as
      | (BufferAttribute & { data?: { array: Float32Array; needsUpdate: boolean } })
      | undefined;
    if (buffer?.data && buffer.data.array.length === points.length) {
      buffer.data.array.set(points);
      buffer.data.needsUpdate = true;
    } else {
      lines.geometry.dispose();
      lines.geometry = new LineSegmentsGeometry().setPositions(points);
    }
  }

  /** Whether a point of the face is turned away: the face is round about an axis behind it. */
  private isBehind(point: Vector3): boolean {
    const outward = new Vector3(point.x, 0.4 * point.y, point.z + 70);
    return outward.dot(this.camera.clone().sub(point)) < 0;
  }
}

/** Arrows at the named points of the face. */
export function pointArrows(topology: Topology): Arrow[] {
  const names = [
    "brow_medial",
    "brow_mid",
    "brow_lateral",
    "ala",
    "cheek",
    "nasolabial",
    "upper_lip_lateral",
    "commissure",
    "lower_lip_lateral",
  ];
  const middle = ["glabella", "pronasale", "labiale_superius", "labiale_inferius", "pogonion"];
  return [...names.flatMap((name) => [`${name}_left`, `${name}_right`]), ...middle].flatMap(
    (name) => {
      const vertex = topology.points[name];
      return vertex === undefined ? [] : [{ vertices: [vertex] }];
    },
  );
}

/** One arrow for each half of each region: its mean movement. */
export function regionArrows(topology: Topology, regions: readonly string[]): Arrow[] {
  return regions.flatMap((region) =>
    (["left", "right"] as const).map((side) => ({ vertices: verticesOf(topology, region, side) })),
  );
}

function mean(positions: Float32Array, vertices: readonly number[], into: Vector3): void {
  into.set(0, 0, 0);
  for (const v of vertices) {
    into.x += positions[3 * v] as number;
    into.y += positions[3 * v + 1] as number;
    into.z += positions[3 * v + 2] as number;
  }
  into.divideScalar(Math.max(1, vertices.length));
}

function fatLines(color: number, width: number, depthTest: boolean): LineSegments2 {
  const lines = new LineSegments2(
    new LineSegmentsGeometry(),
    new LineMaterial({ color, linewidth: width, depthTest, transparent: true }),
  );
  lines.frustumCulled = false;
  lines.visible = false;
  lines.renderOrder = 3;
  return lines;
}
