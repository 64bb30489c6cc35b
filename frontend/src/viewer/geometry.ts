// Vertex data that changes with every frame, and its way to the graphics card.

import { BufferAttribute, type BufferGeometry, DynamicDrawUsage } from "three";
import { vertexNormals } from "./normals";

/** Vertex data that will change often. */
export function moving(array: Float32Array, size: number): BufferAttribute {
  return new BufferAttribute(array, size).setUsage(DynamicDrawUsage);
}

/** The positions were written: reckon the normals and send both. */
export function refresh(geometry: BufferGeometry, faces: Uint32Array): void {
  const position = geometry.getAttribute("position") as BufferAttribute;
  const normal = geometry.getAttribute("normal") as BufferAttribute;
  vertexNormals(position.array as Float32Array, faces, normal.array as Float32Array);
  position.needsUpdate = true;
  normal.needsUpdate = true;
}
