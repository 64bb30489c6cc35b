// Brings one face on the screen to the time of a player: meshes, layer, ghost, arrows, picks.

import { type Scale, symmetricScale } from "./colours";
import type { FaceData, Field } from "./data";
import { pointArrows, regionArrows } from "./marks";
import { distance, HALF_95, halfOf, type Measured, mirrorDistance, summarise } from "./measuring";
import { mirrorMesh, type Plane } from "./plane";
import type { Player } from "./player";
import { FaceScene } from "./scene";
import { DEFAULT_SETTINGS, type Layer, scaleOf, type ViewerSettings } from "./settings";
import type { MeshStream } from "./stream";
import { REGIONS, type Region, regionOf, type Side, sideOf, verticesOf } from "./topology";

/** What a picked vertex reads in the frame that is shown. */
export interface PickReading {
  vertex: number;
  /** The frame that was read. */
  frame: number;
  /** How far the vertex is from the ghost, while there is one. */
  ghostMm: number | null;
  region: Region | null;
  side: Side | "midline";
  asymmetry: Measured | null;
  displacement: Measured | null;
  /** Half of the 95 % interval of the place itself. */
  uncertaintyMm: number | null;
  /** Mean asymmetry over the same half of the region, and RMS displacement of it. */
  regionAsymmetryMm: number | null;
  regionDisplacementMm: number | null;
}

export interface ViewerState {
  status: "loading" | "ready" | "failed" | "lost";
  error: unknown;
  settings: ViewerSettings;
  /** The frame on the screen; behind the player's while its chunk is on the way. */
  frame: number;
  pick: PickReading | null;
  calliper: { ends: number[]; reading: Measured | null };
  /** From asking for the data to the first picture. */
  firstFrameMs: number | null;
}

export class FaceViewer {
  readonly scene: FaceScene;
  readonly data: FaceData;
  readonly player: Player;
  private state: ViewerState;
  private readonly listeners = new Set<() => void>();
  private readonly stops: (() => void)[] = [];
  private readonly scalars: Float32Array;
  private difference: { stream: MeshStream; scale: Scale } | null = null;
  private stream: MeshStream | null = null;
  /** Null until the ghost was asked for and its plane is known. */
  private plane: Plane | null = null;
  private picked: number | null = null;
  private ends: number[] = [];
  private token = 0;
  private lastFrame = -1;
  private disposed = false;

  /** Throws NoWebGLError. */
  constructor(
    container: HTMLElement,
    data: FaceData,
    player: Player,
    settings: Partial<ViewerSettings> = {},
  ) {
    this.data = data;
    this.player = player;
    this.scene = new FaceScene(container, data.topology);
    this.scalars = new Float32Array(data.topology.vertices);
    this.state = {
      status: "loading",
      error: null,
      settings: { ...DEFAULT_SETTINGS, ...settings },
      frame: -1,
      pick: null,
      calliper: { ends: [], reading: null },
      firstFrameMs: null,
    };
    this.stops.push(player.subscribe(() => this.show()));
    this.stops.push(this.scene.onDraw(() => this.drawn()));
    this.stops.push(this.listenToClicks());
    this.apply(this.state.settings, null);
    this.show();
  }

  snapshot = (): ViewerState => this.state;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Change some settings. */
  set(part: Partial<ViewerSettings>): void {
    const before = this.state.settings;
    const settings = { ...before, ...part };
    this.change({ settings });
    this.apply(settings, before);
    this.show(true);
  }

  /** The scale of the layer in force; null for plain skin. */
  get scale(): Scale | null {
    return scaleOf(this.state.settings, this.difference?.scale ?? null);
  }

  /** A field of one's own, such as the difference of two visits, on this stream's frames. */
  setDifference(stream: MeshStream | null, scale: Scale = symmetricScale(5)): void {
    this.difference = stream ? { stream, scale } : null;
    this.set({ layer: stream ? "difference" : "asymmetry" });
  }

  /** Pick a vertex, as a click does; null lets go. */
  pick(vertex: number | null): void {
    this.picked = vertex;
    this.scene.marks.setPicked(vertex);
    this.scene.invalidate();
    this.read();
  }

  /** Put the calliper's next end on a vertex; a third one begins anew. */
  measureTo(vertex: number): void {
    this.ends = this.ends.length >= 2 ? [vertex] : [...this.ends, vertex];
    this.scene.marks.setCalliper(this.ends);
    this.scene.invalidate();
    this.read();
  }

  clearCalliper(): void {
    this.ends = [];
    this.scene.marks.setCalliper([]);
    this.scene.invalidate();
    this.read();
  }

  /** After a failure: try the frame again. */
  retry(): void {
    this.change({ status: "loading", error: null });
    this.apply(this.state.settings, null);
    this.show(true);
  }

  dispose(): void {
    this.disposed = true;
    this.token += 1;
    for (const stop of this.stops) stop();
    this.player.hold(this, false);
    this.scene.dispose();
    this.listeners.clear();
  }

  private change(part: Partial<ViewerState>): void {
    if (this.disposed) return;
    this.state = { ...this.state, ...part };
    for (const listener of [...this.listeners]) listener();
  }

  private fail(error: unknown): void {
    if (this.disposed || (error instanceof DOMException && error.name === "AbortError")) return;
    this.player.hold(this, false);
    this.change({ status: "failed", error });
  }

  /** Bring the scene to the settings that changed. */
  private apply(now: ViewerSettings, before: ViewerSettings | null): void {
    const differs = (...keys: (keyof ViewerSettings)[]) =>
      !before || keys.some((key) => now[key] !== before[key]);
    const { marks } = this.scene;
    this.scene.setScale(this.scale);
    if (differs("layer")) this.openLayer(now.layer);
    if (differs("outlines")) this.scene.setOutlines(now.outlines);
    if (differs("clip")) this.scene.setClip(now.clip.axis, now.clip.atMm);
    if (differs("chosen")) {
      marks.setChosen(now.chosen?.region ?? null, now.chosen?.side);
      this.scene.invalidate();
    }
    if (differs("ghost", "healthySide")) this.openGhost(now);
    if (differs("vectors", "magnification")) this.openVectors(now);
  }

  private openLayer(layer: Layer): void {
    this.stream = null;
    this.scene.setScalars(null);
    if (layer === "plain") return;
    const wanted =
      layer === "difference"
        ? Promise.resolve(this.difference?.stream ?? null)
        : this.data.field(layer);
    wanted.then(
      (stream) => {
        // Another layer may have been chosen in the meantime.
        if (this.disposed || this.state.settings.layer !== layer) return;
        this.stream = stream;
        this.show(true);
      },
      (error) => this.fail(error),
    );
  }

  private openGhost({ ghost, healthySide }: ViewerSettings): void {
    if (!ghost) {
      this.scene.setGhost(null);
      return;
    }
    this.data.plane().then(
      (plane) => {
        const now = this.state.settings;
        if (this.disposed || !now.ghost || now.healthySide !== healthySide) return;
        this.plane = plane;
        this.scene.setGhost(healthySide);
        this.show(true);
      },
      (error) => this.fail(error),
    );
  }

  private openVectors({ vectors, magnification }: ViewerSettings): void {
    if (vectors === "off") {
      this.scene.marks.setArrows([], null);
      this.scene.invalidate();
      return;
    }
    this.data.rest().then(
      (rest) => {
        if (this.disposed || this.state.settings.vectors !== vectors) return;
        const { topology } = this.data;
        const arrows =
          vectors === "points" ? pointArrows(topology) : regionArrows(topology, REGIONS);
        this.scene.marks.setArrows(arrows, rest, magnification);
        this.scene.invalidate();
      },
      (error) => this.fail(error),
    );
  }

  /** Show the player's frame: at once when it is here, else as soon as it comes. */
  private show(again = false): void {
    const { frame, playing } = this.player.snapshot();
    if (frame === this.lastFrame && !again) return;
    const direction = frame < this.lastFrame ? -1 : 1;
    const token = ++this.token;
    if (this.put(frame)) {
      this.player.hold(this, false);
      // The chunks ahead; what is here already costs nothing.
      this.data.meshes.load(frame, direction).catch(() => undefined);
      this.stream?.load(this.scalarFrame(frame), direction).catch(() => undefined);
      return;
    }
    if (playing) this.player.hold(this, true);
    const loads = [this.data.meshes.load(frame, direction)];
    if (this.stream) loads.push(this.stream.load(this.scalarFrame(frame), direction));
    Promise.all(loads).then(
      () => {
        if (token !== this.token || this.disposed) return;
        this.put(frame);
        this.player.hold(this, false);
      },
      (error) => {
        if (token === this.token) this.fail(error);
      },
    );
  }

  private put(frame: number): boolean {
    const { meshes, topology } = this.data;
    const scalarFrame = this.scalarFrame(frame);
    if (this.stream && !this.stream.peek(scalarFrame)) return false;
    if (!meshes.read(frame, this.scene.positions)) return false;
    if (this.stream?.read(scalarFrame, this.scalars)) this.scene.setScalars(this.scalars);
    const ghost = this.state.settings.ghost && this.plane !== null;
    if (ghost && this.plane) {
      mirrorMesh(this.scene.positions, topology.mirror, this.plane, this.scene.ghostPositions);
    }
    this.scene.meshChanged(ghost);
    this.lastFrame = frame;
    if (this.state.frame !== frame || this.state.status !== "ready") {
      this.change({ frame, status: "ready", error: null });
    }
    this.read();
    return true;
  }

  /** A difference may have its own time line; fields of the analysis share the meshes'. */
  private scalarFrame(frame: number): number {
    return Math.min(frame, (this.stream?.header.frames ?? 1) - 1);
  }

  private drawn(): void {
    if (this.scene.contextIsLost) {
      this.change({ status: "lost" });
    } else if (this.state.status === "lost") {
      this.change({ status: "ready" });
    }
    if (this.state.firstFrameMs === null && this.lastFrame >= 0) {
      this.change({ firstFrameMs: performance.now() - this.data.askedAt });
    }
  }

  /** Read the picked vertex and the calliper in the frame that is shown. */
  private read(): void {
    if (this.picked === null && this.ends.length === 0) {
      if (this.state.pick || this.state.calliper.ends.length > 0) {
        this.change({ pick: null, calliper: { ends: [], reading: null } });
      }
      return;
    }
    const frame = this.lastFrame;
    this.change({
      calliper: {
        ends: this.ends,
        reading: this.calliperReading(null),
      },
    });
    const names: Field[] = this.picked === null ? ["uncertainty"] : FIELDS;
    Promise.all(
      names.map((name) => this.data.field(name).then((stream) => stream.frame(frame))),
    ).then(
      (values) => {
        if (this.disposed || frame !== this.lastFrame) return;
        const by = Object.fromEntries(names.map((name, i) => [name, values[i]])) as Partial<
          Record<Field, Float32Array>
        >;
        this.change({
          pick: this.picked === null ? null : this.pickReading(this.picked, by),
          calliper: {
            ends: this.ends,
            reading: this.calliperReading(by.uncertainty ?? null),
          },
        });
      },
      (error) => this.fail(error),
    );
  }

  private calliperReading(sigma: Float32Array | null): Measured | null {
    const [a, b] = this.ends;
    if (a === undefined || b === undefined) return null;
    return distance(this.scene.positions, a, b, sigma);
  }

  private pickReading(v: number, by: Partial<Record<Field, Float32Array>>): PickReading {
    const { topology } = this.data;
    const region = regionOf(topology, v);
    const side = sideOf(topology, v);
    const half = region ? verticesOf(topology, region, side === "midline" ? "both" : side) : [];
    const sigma = by.uncertainty;
    const own = sigma?.[v];
    const plane = this.state.settings.ghost ? this.plane : null;
    return {
      vertex: v,
      frame: this.lastFrame,
      ghostMm: plane ? mirrorDistance(this.scene.positions, topology.mirror, plane, v) : null,
      region,
      side,
      asymmetry: measured(by.asymmetry?.[v], halfOf(own, sigma?.[topology.mirror[v] as number])),
      displacement: measured(by.displacement?.[v], halfOf(own, own)),
      uncertaintyMm: own === undefined || Number.isNaN(own) ? null : HALF_95 * own,
      regionAsymmetryMm: by.asymmetry ? (summarise(by.asymmetry, half)?.mean ?? null) : null,
      regionDisplacementMm: by.displacement
        ? (summarise(by.displacement, half)?.rms ?? null)
        : null,
    };
  }

  /** A click that does not turn the face picks what is under it. */
  private listenToClicks(): () => void {
    const { canvas } = this.scene;
    let from: { x: number; y: number } | null = null;
    const down = (event: PointerEvent) => {
      from = event.button === 0 ? { x: event.clientX, y: event.clientY } : null;
    };
    const up = (event: PointerEvent) => {
      if (!from || Math.hypot(event.clientX - from.x, event.clientY - from.y) > 4) return;
      const hit = this.scene.pick(event.clientX, event.clientY);
      if (this.state.settings.tool === "calliper") {
        if (hit !== null) this.measureTo(hit);
      } else this.pick(hit);
    };
    canvas.addEventListener("pointerdown", down);
    canvas.addEventListener("pointerup", up);
    return () => {
      canvas.removeEventListener("pointerdown", down);
      canvas.removeEventListener("pointerup", up);
    };
  }
}

const FIELDS: Field[] = ["asymmetry", "displacement", "uncertainty"];

function measured(value: number | undefined, halfMm: number | null): Measured | null {
  return value === undefined || Number.isNaN(value) ? null : { valueMm: value, halfMm };
}
