// The surface that all meshes share: loaded once a topology, with what drawing derives from it.

import { fetchFile, type Schemas } from "../api/client";

export type Side = "left" | "right";

/** Regions that are measured and coloured; the rest of the head only carries them. */
export const REGIONS = ["brow", "periocular", "nose", "cheek", "upper_lip", "lower_lip"] as const;
export type Region = (typeof REGIONS)[number];

export interface Topology {
  id: string;
  vertices: number;
  faces: Uint32Array;
  mirror: Uint32Array;
  /** +1 on the patient's left, -1 on the right, 0 in the middle. */
  side: Int8Array;
  templateMm: Float32Array;
  regions: Record<string, Uint8Array>;
  points: Record<string, number>;
}

const cache = new Map<string, Promise<Topology>>();

/** The topology of that name; the service lets the browser keep it for ever. */
export function loadTopology(id: string): Promise<Topology> {
  const here = cache.get(id);
  if (here) return here;
  const loading = fetchFile(`/api/v1/topologies/${encodeURIComponent(id)}`)
    .then((response) => response.json())
    .then((file: Schemas["TopologyFile"]) => topologyOf(file));
  cache.set(id, loading);
  // A failure must not be remembered.
  loading.catch(() => cache.delete(id));
  return loading;
}

export type TopologyFile = Pick<
  Schemas["TopologyFile"],
  "topology_id" | "vertices" | "faces" | "mirror" | "side" | "template_mm" | "regions" | "points"
>;

export function topologyOf(file: TopologyFile): Topology {
  const regions: Record<string, Uint8Array> = {};
  for (const [name, vertices] of Object.entries(file.regions)) {
    const mask = new Uint8Array(file.vertices);
    for (const vertex of vertices) mask[vertex] = 1;
    regions[name] = mask;
  }
  return {
    id: file.topology_id,
    vertices: file.vertices,
    faces: Uint32Array.from(file.faces),
    mirror: Uint32Array.from(file.mirror),
    side: Int8Array.from(file.side),
    templateMm: Float32Array.from(file.template_mm),
    regions,
    points: file.points,
  };
}

/** The measured region of a vertex, or null: on the scalp, the neck or an eyeball. */
export function regionOf(topology: Topology, vertex: number): Region | null {
  return REGIONS.find((name) => topology.regions[name]?.[vertex]) ?? null;
}

/** "left", "right", or "midline": the half that a vertex belongs to. */
export function sideOf(topology: Topology, vertex: number): Side | "midline" {
  const side = topology.side[vertex] ?? 0;
  return side > 0 ? "left" : side < 0 ? "right" : "midline";
}

/** Vertices of one half of a region, or of both. */
export function verticesOf(topology: Topology, region: string, side?: Side | "both"): number[] {
  const mask = topology.regions[region];
  if (!mask) return [];
  const sign = side === "left" ? 1 : side === "right" ? -1 : null;
  const found: number[] = [];
  for (let v = 0; v < topology.vertices; v++) {
    if (mask[v] && (sign === null || topology.side[v] === sign)) found.push(v);
  }
  return found;
}

/** Edges (pairs of vertices) along which a region ends: in it, and a face beside leaves it. */
export function outlineEdges(topology: Topology, region: string): number[] {
  const mask = topology.regions[region];
  if (!mask) return [];
  const edges: number[] = [];
  const { faces } = topology;
  for (let f = 0; f < faces.length; f += 3) {
    const triangle = [faces[f], faces[f + 1], faces[f + 2]] as [number, number, number];
    const inside = triangle.filter((v) => mask[v]);
    if (inside.length === 2) edges.push(...inside);
  }
  return edges;
}

/** Triangles of one half of a region. */
export function facesOfHalf(topology: Topology, side: Side, region: string): Uint32Array {
  const sign = side === "left" ? 1 : -1;
  const mask = topology.regions[region];
  const kept: number[] = [];
  for (let f = 0; f < topology.faces.length; f += 3) {
    const corners = [...topology.faces.subarray(f, f + 3)];
    const half = corners.reduce((sum, v) => sum + (topology.side[v] ?? 0), 0);
    if (half * sign > 0 && corners.every((v) => mask?.[v])) kept.push(...corners);
  }
  return Uint32Array.from(kept);
}
