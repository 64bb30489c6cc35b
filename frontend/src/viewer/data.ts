// The meshes and fields of one analysis, fetched when they are needed; nothing is drawn here.

import { fetchFile, type Schemas } from "../api/client";
import { medianMesh } from "./measuring";
import { frameAt } from "./phases";
import { MIDDLE, type Plane, planeBehind } from "./plane";
import { MeshStream } from "./stream";
import { loadTopology, type Topology } from "./topology";

export type Field = "asymmetry" | "displacement" | "uncertainty";
export type Series = Schemas["TakeSeries"];

/** Rest is the median of the rest frames; from this many on, more change nothing to be seen. */
const REST_FRAMES = 45;

export class FaceData {
  readonly analysisId: string;
  readonly topology: Topology;
  readonly meshes: MeshStream;
  /** When it was asked for, of `performance.now`. */
  readonly askedAt: number;
  private readonly signal: AbortSignal | undefined;
  private readonly fields = new Map<Field, Promise<MeshStream>>();
  private readonly opened: MeshStream[] = [];
  private seriesWanted: Promise<Series> | null = null;
  private restWanted: Promise<Float32Array> | null = null;
  private planeWanted: Promise<Plane> | null = null;

  private constructor(
    analysisId: string,
    topology: Topology,
    meshes: MeshStream,
    askedAt: number,
    signal?: AbortSignal,
  ) {
    this.askedAt = askedAt;
    this.analysisId = analysisId;
    this.topology = topology;
    this.meshes = meshes;
    this.signal = signal;
    this.opened.push(meshes);
  }

  /**
   * Open an analysis. With `topologyId` known, faces and header are fetched at the same time; with
   * `firstFrame`, its chunk is on the way before the caller asks for it. Throws ProblemError.
   */
  static async open(
    analysisId: string,
    options: { topologyId?: string; firstFrame?: number; signal?: AbortSignal } = {},
  ): Promise<FaceData> {
    const { topologyId, firstFrame = 0, signal } = options;
    const askedAt = performance.now();
    const early = topologyId ? loadTopology(topologyId) : null;
    early?.catch(() => undefined);
    const meshes = await MeshStream.open(hrefOf(analysisId, "vertices"), signal);
    meshes.load(firstFrame).catch(() => undefined);
    const topology = await (early ?? loadTopology(meshes.header.topologyId));
    return new FaceData(analysisId, topology, meshes, askedAt, signal);
  }

  /** The stream of a field, opened once. */
  field(name: Field): Promise<MeshStream> {
    return this.once(this.fields, name, async () => {
      const stream = await MeshStream.open(hrefOf(this.analysisId, name), this.signal);
      this.opened.push(stream);
      return stream;
    });
  }

  /** Curves and phases of the take. */
  series(): Promise<Series> {
    this.seriesWanted ??= fetchFile(`/api/v1/analyses/${this.analysisId}/series`, {
      signal: this.signal,
    })
      .then((response) => response.json() as Promise<Series>)
      .catch((error) => {
        this.seriesWanted = null;
        throw error;
      });
    return this.seriesWanted;
  }

  /** Give curves that were fetched already, so that they are not fetched again. */
  provideSeries(series: Series): void {
    this.seriesWanted = Promise.resolve(series);
  }

  /** The mesh at rest, or at the beginning of the take where there was no rest. */
  rest(): Promise<Float32Array> {
    this.restWanted ??= this.computeRest().catch((error) => {
      this.restWanted = null;
      throw error;
    });
    return this.restWanted;
  }

  /** The symmetry plane that the asymmetry was measured against. */
  plane(): Promise<Plane> {
    this.planeWanted ??= this.computePlane().catch((error) => {
      this.planeWanted = null;
      throw error;
    });
    return this.planeWanted;
  }

  /** Which frame of the streams a frame of the series is. */
  streamFrame(series: Series, frame: number): number {
    return frameAt(this.meshes.header.timeS, series.time_s[frame] ?? 0);
  }

  /** Decoded bytes that are kept. */
  get residentBytes(): number {
    return this.opened.reduce((sum, stream) => sum + stream.residentBytes, 0);
  }

  close(): void {
    for (const stream of this.opened) stream.close();
  }

  private async restFrames(): Promise<number[]> {
    const series = await this.series();
    const found = series.rest_frames.map((frame) => this.streamFrame(series, frame));
    if (found.length > 0) return found.slice(0, REST_FRAMES);
    return [this.streamFrame(series, 0)];
  }

  private async computeRest(): Promise<Float32Array> {
    const meshes: Float32Array[] = [];
    for (const frame of await this.restFrames()) meshes.push(await this.meshes.frame(frame));
    return medianMesh(meshes);
  }

  private async computePlane(): Promise<Plane> {
    const [frame = 0] = await this.restFrames();
    const [rest, positions, stream] = await Promise.all([
      this.rest(),
      this.meshes.frame(frame),
      this.field("asymmetry"),
    ]);
    const field = await stream.frame(frame);
    const { faces, mirror, regions } = this.topology;
    const among = regions.skin ?? regions.face;
    if (!among) return MIDDLE;
    return planeBehind(positions, field, rest, faces, mirror, among);
  }

  private once<K, T>(kept: Map<K, Promise<T>>, key: K, make: () => Promise<T>): Promise<T> {
    const here = kept.get(key);
    if (here) return here;
    const making = make();
    kept.set(key, making);
    // A failure must not be remembered.
    making.catch(() => kept.delete(key));
    return making;
  }
}

function hrefOf(analysisId: string, stream: string): string {
  return `/api/v1/analyses/${analysisId}/streams/${stream}/header`;
}
