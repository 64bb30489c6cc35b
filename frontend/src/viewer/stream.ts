// One mesh stream of the service: chunks around the cursor, fetched once, few kept, none waited for.

import { fetchFile, type Schemas } from "../api/client";
import {
  type ChunkPlace,
  chunkOf,
  dequantise,
  headerOf,
  parseFile,
  StreamError,
  type StreamHeader,
} from "./codec";
import { decoder } from "./decoder";

/** Decoded chunks that are kept: 12 are 12 s at 30 frames a second, 11 MB of meshes. */
const KEPT_CHUNKS = 12;
/** Chunks that are fetched ahead of the cursor. */
const AHEAD = 2;

type Fetching = { promise: Promise<Int16Array>; cancel: AbortController };

export class MeshStream {
  readonly header: StreamHeader;
  /** Least recently used first. */
  private readonly chunks = new Map<number, Int16Array>();
  private readonly fetching = new Map<number, Fetching>();
  private readonly file: { bytes: Uint8Array; body: number } | null;
  private closed = false;

  private constructor(header: StreamHeader, file: { bytes: Uint8Array; body: number } | null) {
    this.header = header;
    this.file = file;
  }

  /** Open a stream that is served chunk by chunk, by the address of its header. */
  static async open(headerHref: string, signal?: AbortSignal): Promise<MeshStream> {
    const response = await fetchFile(headerHref, { signal });
    const raw = (await response.json()) as Schemas["StreamRead"];
    const chunks: ChunkPlace[] = raw.chunks.map((chunk) => ({
      firstFrame: chunk.first_frame,
      frames: chunk.frames,
      href: chunk.href,
      length: chunk.length,
    }));
    return new MeshStream(headerOf(raw, chunks), null);
  }

  /** Open a stream that is served as one file; its packed bytes are kept. */
  static async openFile(href: string, signal?: AbortSignal): Promise<MeshStream> {
    const response = await fetchFile(href, { signal });
    return MeshStream.of(new Uint8Array(await response.arrayBuffer()));
  }

  /** Open a whole file that is there already. */
  static of(bytes: Uint8Array): MeshStream {
    const { header, body } = parseFile(bytes);
    return new MeshStream(header, { bytes, body });
  }

  /** How many decoded bytes are kept. */
  get residentBytes(): number {
    let bytes = 0;
    for (const values of this.chunks.values()) bytes += values.byteLength;
    return bytes;
  }

  /** The integers of a frame if they are here, else null; never waits. */
  peek(frame: number): Int16Array | null {
    const index = chunkOf(this.header, frame);
    const values = this.chunks.get(index);
    const place = this.header.chunks[index];
    if (!values || !place) return null;
    this.chunks.delete(index);
    this.chunks.set(index, values);
    const n = this.header.vertices * this.header.components;
    const at = (frame - place.firstFrame) * n;
    return values.subarray(at, at + n);
  }

  /** Values of a frame into `into` if they are here; false when they are not. */
  read(frame: number, into: Float32Array): boolean {
    const q = this.peek(frame);
    if (!q) return false;
    dequantise(q, this.header, into);
    return true;
  }

  /** The values of a frame, waited for. */
  async frame(frame: number): Promise<Float32Array> {
    await this.load(frame);
    const into = new Float32Array(this.header.vertices * this.header.components);
    if (!this.read(frame, into)) throw new StreamError("The frame was dropped before it was read.");
    return into;
  }

  /** Fetch the chunk of a frame and those ahead; what is far from the cursor is given up. */
  async load(frame: number, direction: 1 | -1 = 1): Promise<void> {
    const index = chunkOf(this.header, frame);
    for (const [other, { cancel }] of this.fetching) {
      if (Math.abs(other - index) > AHEAD + 1) {
        cancel.abort();
        this.fetching.delete(other);
      }
    }
    const wanted = this.fetch(index);
    for (let step = 1; step <= AHEAD; step++) {
      const ahead = index + direction * step;
      // What is fetched ahead may fail: it is asked for again when the cursor is there.
      if (ahead >= 0 && ahead < this.header.chunks.length) this.fetch(ahead).catch(() => undefined);
    }
    await wanted;
  }

  /** Give back the memory and stop what is under way. */
  close(): void {
    this.closed = true;
    for (const { cancel } of this.fetching.values()) cancel.abort();
    this.fetching.clear();
    this.chunks.clear();
  }

  private fetch(index: number): Promise<Int16Array> {
    const here = this.chunks.get(index);
    if (here) return Promise.resolve(here);
    const under = this.fetching.get(index);
    if (under) return under.promise;
    const cancel = new AbortController();
    const promise = this.decoded(index, cancel.signal)
      .then((values) => {
        if (!this.closed) this.keep(index, values);
        return values;
      })
      .finally(() => {
        if (this.fetching.get(index)?.cancel === cancel) this.fetching.delete(index);
      });
    this.fetching.set(index, { promise, cancel });
    return promise;
  }

  private async decoded(index: number, signal: AbortSignal): Promise<Int16Array> {
    const place = this.header.chunks[index];
    if (!place) throw new StreamError("There is no such frame.");
    let packed: ArrayBuffer;
    if (this.file) {
      const from = this.file.body + (place.offset ?? 0);
      packed = this.file.bytes.slice(from, from + place.length).buffer;
    } else {
      const response = await fetchFile(place.href ?? "", { signal });
      packed = await response.arrayBuffer();
    }
    const { vertices, components } = this.header;
    return decoder.decode(packed, place.frames, vertices, components);
  }

  private keep(index: number, values: Int16Array): void {
    this.chunks.set(index, values);
    for (const oldest of this.chunks.keys()) {
      if (this.chunks.size <= KEPT_CHUNKS) break;
      this.chunks.delete(oldest);
    }
  }
}
