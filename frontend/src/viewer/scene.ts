// The 3D face on a canvas: camera, skin, ghost, outlines, marks. It knows no service and no clock.

import {
  BufferAttribute,
  BufferGeometry,
  LineBasicMaterial,
  LineSegments,
  Mesh,
  PerspectiveCamera,
  Plane,
  Raycaster,
  Scene,
  type ShaderMaterial,
  Sphere,
  SRGBColorSpace,
  Vector2,
  Vector3,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
import type { Scale } from "./colours";
import { moving, refresh } from "./geometry";
import { looks } from "./looks";
import { Marks } from "./marks";
import { clip, ghostMaterial, NO_NUMBER, SkinMaterial } from "./shading";
import { facesOfHalf, outlineEdges, REGIONS, type Side, type Topology } from "./topology";
import { type PresetView, VIEW_DIRECTIONS } from "./views";

const FIELD_OF_VIEW_DEG = 22;
/** Middle of the face in the head frame, and what has to fit into the picture around it. */
const TARGET_MM = new Vector3(0, -36, 10);
const HALF_HEIGHT_MM = 100;
const HALF_WIDTH_MM = 88;
const PIXEL_RATIO_LIMIT = 2;

/** The browser has no WebGL, or refuses another picture. */
export class NoWebGLError extends Error {
  constructor() {
    super("This browser shows no 3D.");
    this.name = "NoWebGLError";
  }
}

export type ClipAxis = "x" | "y" | "z";

export interface CameraPose {
  position: [number, number, number];
  target: [number, number, number];
}

export class FaceScene {
  readonly canvas: HTMLCanvasElement;
  readonly topology: Topology;
  readonly marks: Marks;
  readonly positions: Float32Array;
  readonly ghostPositions: Float32Array;
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera(FIELD_OF_VIEW_DEG, 1, 50, 4000);
  private readonly controls: OrbitControls;
  private readonly skin = new SkinMaterial();
  private readonly ghostSkin: ShaderMaterial = ghostMaterial();
  private readonly geometry = new BufferGeometry();
  private readonly ghostGeometry = new BufferGeometry();
  private readonly mesh: Mesh;
  private readonly ghost: Mesh;
  private readonly outlines: LineSegments;
  private readonly observer: ResizeObserver;
  private readonly container: HTMLElement;
  private readonly clipPlane = new Plane();
  private readonly moved = new Set<() => void>();
  private readonly drawn = new Set<() => void>();
  private pending: number | null = null;
  private lost = false;
  /** Nothing is drawn before there is a mesh: the first picture is the one that counts. */
  private filled = false;

  /** Draws into `container`, filling it. Throws NoWebGLError. */
  constructor(container: HTMLElement, topology: Topology) {
    this.container = container;
    this.topology = topology;
    this.canvas = document.createElement("canvas");
    try {
      this.renderer = new WebGLRenderer({
        canvas: this.canvas,
        antialias: true,
        alpha: true,
        powerPreference: "high-performance",
      });
    } catch {
      throw new NoWebGLError();
    }
    this.renderer.outputColorSpace = SRGBColorSpace;
    this.renderer.localClippingEnabled = true;
    this.canvas.style.display = "block";
    this.canvas.style.touchAction = "none";
    container.appendChild(this.canvas);

    const n = topology.vertices;
    this.positions = Float32Array.from(topology.templateMm);
    this.ghostPositions = new Float32Array(3 * n);
    const { albedo, coloured } = looks(topology);
    this.geometry.setIndex(new BufferAttribute(topology.faces, 1));
    this.geometry.setAttribute("position", moving(this.positions, 3));
    this.geometry.setAttribute("normal", moving(new Float32Array(3 * n), 3));
    this.geometry.setAttribute("scalar", moving(new Float32Array(n).fill(NO_NUMBER), 1));
    this.geometry.setAttribute("albedo", new BufferAttribute(albedo, 3));
    this.geometry.setAttribute("coloured", new BufferAttribute(coloured, 1));
    this.ghostGeometry.setAttribute("position", moving(this.ghostPositions, 3));
    this.ghostGeometry.setAttribute("normal", moving(new Float32Array(3 * n), 3));
    // The whole head, so that nothing has to be measured anew for each frame.
    const around = new Sphere(new Vector3(0, -30, -60), 400);
    this.geometry.boundingSphere = around;
    this.ghostGeometry.boundingSphere = around;

    this.mesh = new Mesh(this.geometry, this.skin);
    this.ghost = new Mesh(this.ghostGeometry, this.ghostSkin);
    this.ghost.visible = false;
    this.ghost.renderOrder = 2;
    this.outlines = new LineSegments(
      new BufferGeometry(),
      new LineBasicMaterial({ color: 0x1d2733, transparent: true, opacity: 0.55 }),
    );
    const outline = this.outlines.geometry;
    // The very same positions as the skin's: lines move with it at no cost.
    outline.setAttribute("position", this.geometry.getAttribute("position"));
    outline.setIndex(REGIONS.flatMap((region) => outlineEdges(topology, region)));
    outline.boundingSphere = around;
    this.outlines.visible = false;
    this.outlines.renderOrder = 1;
    this.marks = new Marks(topology, this.positions);
    this.scene.add(this.mesh, this.outlines, this.ghost, this.marks.group);

    this.controls = new OrbitControls(this.camera, this.canvas);
    this.controls.enableDamping = false;
    this.controls.minDistance = 120;
    this.controls.maxDistance = 2400;
    this.controls.zoomSpeed = 0.9;
    this.controls.addEventListener("change", this.cameraMoved);
    this.canvas.addEventListener("webglcontextlost", this.contextLost);
    this.canvas.addEventListener("webglcontextrestored", this.contextRestored);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(container);
    this.resize();
    this.view("front");
  }

  /** Call `listener` when the camera has moved; returns how to stop. */
  onCamera(listener: () => void): () => void {
    this.moved.add(listener);
    return () => this.moved.delete(listener);
  }

  /** Call `listener` after each picture; returns how to stop. */
  onDraw(listener: () => void): () => void {
    this.drawn.add(listener);
    return () => this.drawn.delete(listener);
  }

  /** The positions were written: reckon normals, send them, draw. */
  meshChanged(ghost: boolean): void {
    this.filled = true;
    refresh(this.geometry, this.topology.faces);
    if (ghost && this.ghostGeometry.index) {
      refresh(this.ghostGeometry, this.topology.faces);
    }
    this.marks.update();
    this.invalidate();
  }

  /** Values of the layer in force, one a vertex; NaN is shown as "no value". */
  setScalars(values: Float32Array | null): void {
    const attribute = this.geometry.getAttribute("scalar") as BufferAttribute;
    const into = attribute.array as Float32Array;
    if (values) {
      for (let v = 0; v < into.length; v++) {
        const value = values[v] as number;
        into[v] = Number.isNaN(value) ? NO_NUMBER : value;
      }
    } else into.fill(NO_NUMBER);
    attribute.needsUpdate = true;
    this.invalidate();
  }

  /** The colours that mean those values; null is plain skin. */
  setScale(scale: Scale | null): void {
    this.skin.show(scale);
    this.invalidate();
  }

  /** Show the mirrored healthy side over the other half, or not. */
  setGhost(healthy: Side | null): void {
    this.ghost.visible = healthy !== null;
    if (healthy) {
      const other = healthy === "left" ? "right" : "left";
      this.ghostGeometry.setIndex([...facesOfHalf(this.topology, other, "face")]);
    }
    this.invalidate();
  }

  setOutlines(shown: boolean): void {
    this.outlines.visible = shown;
    this.invalidate();
  }

  /** Cut away what is beyond `atMm` along an axis of the head frame; null shows all. */
  setClip(axis: ClipAxis | null, atMm = 0): void {
    if (axis) {
      this.clipPlane.normal.set(0, 0, 0).setComponent("xyz".indexOf(axis), -1);
      this.clipPlane.constant = atMm;
    }
    for (const material of [this.skin, this.ghostSkin]) {
      clip(material, axis ? this.clipPlane : null);
      material.needsUpdate = true;
    }
    const lines = this.outlines.material as LineBasicMaterial;
    lines.clippingPlanes = axis ? [this.clipPlane] : [];
    lines.needsUpdate = true;
    this.invalidate();
  }

  /** Put the camera on a preset place, at a distance where the face fits. */
  view(view: PresetView): void {
    const direction = new Vector3(...VIEW_DIRECTIONS[view]);
    this.controls.target.copy(TARGET_MM);
    this.camera.position.copy(TARGET_MM).addScaledVector(direction, this.fittingDistance());
    this.controls.update();
    this.cameraMoved();
  }

  /** Turn about the face by degrees to the side and up; for keys. */
  orbit(asideDeg: number, upDeg: number): void {
    const offset = this.camera.position.clone().sub(this.controls.target);
    const radius = offset.length();
    const azimuth = Math.atan2(offset.x, offset.z) + (asideDeg * Math.PI) / 180;
    const height = Math.asin(offset.y / radius) + (upDeg * Math.PI) / 180;
    const up = Math.min(1.5, Math.max(-1.5, height));
    this.camera.position
      .set(
        radius * Math.cos(up) * Math.sin(azimuth),
        radius * Math.sin(up),
        radius * Math.cos(up) * Math.cos(azimuth),
      )
      .add(this.controls.target);
    this.controls.update();
    this.cameraMoved();
  }

  /** Nearer (below 1) or further (above 1). */
  zoom(factor: number): void {
    const offset = this.camera.position.clone().sub(this.controls.target);
    const length = Math.min(
      this.controls.maxDistance,
      Math.max(this.controls.minDistance, offset.length() * factor),
    );
    this.camera.position.copy(this.controls.target).addScaledVector(offset.normalize(), length);
    this.controls.update();
    this.cameraMoved();
  }

  get cameraPose(): CameraPose {
    return { position: this.camera.position.toArray(), target: this.controls.target.toArray() };
  }

  set cameraPose({ position, target }: CameraPose) {
    this.camera.position.set(...position);
    this.controls.target.set(...target);
    this.controls.update();
    this.marks.faceCamera(this.camera.position);
    this.invalidate();
  }

  /** The vertex nearest to where a point of the page meets the face, or null beside it. */
  pick(clientX: number, clientY: number): number | null {
    const box = this.canvas.getBoundingClientRect();
    const caster = new Raycaster();
    caster.setFromCamera(
      new Vector2(
        ((clientX - box.left) / box.width) * 2 - 1,
        1 - ((clientY - box.top) / box.height) * 2,
      ),
      this.camera,
    );
    const hits = caster.intersectObject(this.mesh, false);
    const clipped = this.skin.clippingPlanes?.[0];
    const hit = hits.find(({ point }) => !clipped || clipped.distanceToPoint(point) >= 0);
    if (!hit?.face) return null;
    const { a, b, c } = hit.face;
    let vertex = a;
    let nearest = Number.POSITIVE_INFINITY;
    for (const v of [a, b, c]) {
      const away = hit.point.distanceToSquared(this.vertexAt(v));
      if (away < nearest) {
        nearest = away;
        vertex = v;
      }
    }
    return vertex;
  }

  /** Where a vertex is on the canvas, in CSS pixels, and whether it faces the camera. */
  project(vertex: number): { x: number; y: number; facing: boolean } {
    const point = this.vertexAt(vertex);
    const normals = this.geometry.getAttribute("normal") as BufferAttribute;
    const normal = new Vector3().fromBufferAttribute(normals, vertex);
    const facing = normal.dot(this.camera.position.clone().sub(point)) > 0;
    point.project(this.camera);
    return {
      x: ((point.x + 1) / 2) * this.canvas.clientWidth,
      y: ((1 - point.y) / 2) * this.canvas.clientHeight,
      facing,
    };
  }

  /** Ask for a picture; several askings are one picture. */
  invalidate(): void {
    if (this.pending !== null || this.lost || !this.filled) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = null;
      this.render();
    });
  }

  /** Draw now, so that the canvas can be copied before the browser clears it. */
  render(): void {
    if (this.lost || !this.filled) return;
    this.renderer.render(this.scene, this.camera);
    for (const listener of this.drawn) listener();
  }

  /** Whether the browser has taken the graphics away. */
  get contextIsLost(): boolean {
    return this.lost;
  }

  dispose(): void {
    if (this.pending !== null) cancelAnimationFrame(this.pending);
    this.pending = null;
    this.lost = true;
    this.observer.disconnect();
    this.controls.dispose();
    this.canvas.removeEventListener("webglcontextlost", this.contextLost);
    this.canvas.removeEventListener("webglcontextrestored", this.contextRestored);
    this.marks.dispose();
    this.geometry.dispose();
    this.ghostGeometry.dispose();
    this.outlines.geometry.dispose();
    (this.outlines.material as LineBasicMaterial).dispose();
    this.skin.dispose();
    this.ghostSkin.dispose();
    this.renderer.dispose();
    // Browsers allow some sixteen contexts; one that waits for the collector counts.
    this.renderer.forceContextLoss();
    this.canvas.remove();
    this.moved.clear();
    this.drawn.clear();
  }

  private vertexAt(v: number): Vector3 {
    return new Vector3().fromArray(this.positions, 3 * v);
  }

  private fittingDistance(): number {
    const half = Math.tan(((FIELD_OF_VIEW_DEG / 2) * Math.PI) / 180);
    return Math.max(HALF_HEIGHT_MM / half, HALF_WIDTH_MM / (half * this.camera.aspect));
  }

  private readonly cameraMoved = (): void => {
    this.marks.faceCamera(this.camera.position);
    this.invalidate();
    for (const listener of this.moved) listener();
  };

  private readonly contextLost = (event: Event): void => {
    // Without this the browser never gives the context back.
    event.preventDefault();
    this.lost = true;
    for (const listener of this.drawn) listener();
  };

  private readonly contextRestored = (): void => {
    this.lost = false;
    this.invalidate();
  };

  private resize(): void {
    const width = Math.max(1, this.container.clientWidth);
    const height = Math.max(1, this.container.clientHeight);
    const before = this.camera.aspect;
    this.renderer.setPixelRatio(Math.min(PIXEL_RATIO_LIMIT, window.devicePixelRatio || 1));
    this.renderer.setSize(width, height);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    this.marks.resize(width, height);
    // Resizing clears the canvas; waiting for the next frame would show a flash.
    if (before !== this.camera.aspect) this.cameraMoved();
    this.render();
  }
}
