// The mesh-stream codec of docs/mesh-stream.md: bytes to integers, and headers; no fetching.

/** The integer that stands for "no value". */
export const NOTHING = -32768;

const MAGIC = "SFPFRMS\n";
const PREFIX_BYTES = 16;
const MAX_HEADER_BYTES = 16 * 2 ** 20;

/** A stream that is damaged, or of a version that this page does not read. */
export class StreamError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "StreamError";
  }
}

export interface ChunkPlace {
  firstFrame: number;
  frames: number;
  /** Where its bytes are: an address, or a place after the header of a whole file. */
  href?: string;
  offset?: number;
  length: number;
}

export interface StreamHeader {
  kind: "vertices" | "scalars";
  name: string;
  unit: string;
  frames: number;
  vertices: number;
  components: number;
  /** value = origin + step x integer. */
  step: number;
  origin: number[];
  timeS: number[];
  topologyId: string;
  chunks: ChunkPlace[];
}

/** Inflate one gzip member with what the browser has built in. */
export async function inflate(bytes: BufferSource): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Planes of zigzag deltas -> (frames, vertices, components) integers, row-major. */
export function decodePlanes(
  bytes: Uint8Array,
  frames: number,
  vertices: number,
  components: number,
): Int16Array {
  const n = vertices * components;
  const total = frames * n;
  if (bytes.length !== 2 * total) throw new StreamError("A chunk has the wrong length.");
  const q = new Int16Array(total);
  for (let i = 0; i < n; i++) {
    const z = (bytes[i] as number) | ((bytes[total + i] as number) << 8);
    q[i] = (z >>> 1) ^ -(z & 1);
  }
  for (let i = n; i < total; i++) {
    const z = (bytes[i] as number) | ((bytes[total + i] as number) << 8);
    // An Int16Array wraps at 16 bits, as the encoder does.
    q[i] = ((z >>> 1) ^ -(z & 1)) + (q[i - n] as number);
  }
  return q;
}

/** One chunk as it is stored -> integers. */
export async function decodeChunk(
  packed: BufferSource,
  frames: number,
  vertices: number,
  components: number,
): Promise<Int16Array> {
  let raw: Uint8Array;
  try {
    raw = await inflate(packed);
  } catch {
    throw new StreamError("A chunk can't be decompressed.");
  }
  return decodePlanes(raw, frames, vertices, components);
}

interface RawHeader {
  kind: string;
  name: string;
  unit: string;
  frames: number;
  vertices: number;
  components: number;
  step: number;
  origin: number[];
  time_s: number[];
  topology_id: string;
}

interface RawChunk {
  frame: number;
  frames: number;
  offset: number;
  length: number;
}

/** Check what a header says about itself; throws StreamError where it contradicts itself. */
export function headerOf(raw: RawHeader, chunks: ChunkPlace[]): StreamHeader {
  const components = raw.kind === "vertices" ? 3 : raw.kind === "scalars" ? 1 : 0;
  let frame = 0;
  let sound =
    components > 0 &&
    raw.components === components &&
    raw.origin.length === components &&
    raw.time_s.length === raw.frames &&
    raw.vertices > 0 &&
    raw.step > 0;
  for (const chunk of chunks) {
    sound &&= chunk.firstFrame === frame && chunk.frames > 0;
    frame += chunk.frames;
  }
  if (!sound || frame !== raw.frames) throw new StreamError("The stream's header is damaged.");
  return {
    kind: raw.kind as StreamHeader["kind"],
    name: raw.name,
    unit: raw.unit,
    frames: raw.frames,
    vertices: raw.vertices,
    components,
    step: raw.step,
    origin: raw.origin,
    timeS: raw.time_s,
    topologyId: raw.topology_id,
    chunks,
  };
}

/** The header of a whole `.sfm` file, and where its chunks begin. */
export function parseFile(bytes: Uint8Array): { header: StreamHeader; body: number } {
  const text = new TextDecoder();
  if (bytes.length < PREFIX_BYTES || text.decode(bytes.subarray(0, 8)) !== MAGIC) {
    throw new StreamError("This is not a mesh stream.");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  if (version !== 1) {
    throw new StreamError(`The stream has version ${version}; this page reads version 1.`);
  }
  const length = view.getUint32(12, true);
  const body = PREFIX_BYTES + length;
  if (length > MAX_HEADER_BYTES || body > bytes.length) {
    throw new StreamError("The stream ends within its header.");
  }
  const raw = JSON.parse(text.decode(bytes.subarray(PREFIX_BYTES, body))) as RawHeader & {
    chunks: RawChunk[];
  };
  const chunks = raw.chunks.map((chunk) => ({
    firstFrame: chunk.frame,
    frames: chunk.frames,
    offset: chunk.offset,
    length: chunk.length,
  }));
  return { header: headerOf(raw, chunks), body };
}

/** Which chunk holds a frame: all but the last are equally long. */
export function chunkOf(header: StreamHeader, frame: number): number {
  const usual = header.chunks[0]?.frames ?? 1;
  return Math.min(header.chunks.length - 1, Math.floor(frame / usual));
}

/** Integers of one frame -> values in the stream's unit, NaN for "no value". */
export function dequantise(
  q: Int16Array,
  header: Pick<StreamHeader, "components" | "origin" | "step">,
  into: Float32Array,
): Float32Array {
  const { components, origin, step } = header;
  if (components === 3) {
    const [x = 0, y = 0, z = 0] = origin;
    for (let i = 0; i < q.length; i += 3) {
      into[i] = x + step * (q[i] as number);
      into[i + 1] = y + step * (q[i + 1] as number);
      into[i + 2] = z + step * (q[i + 2] as number);
    }
    return into;
  }
  const zero = origin[0] ?? 0;
  for (let i = 0; i < q.length; i++) {
    const value = q[i] as number;
    into[i] = value === NOTHING ? Number.NaN : zero + step * value;
  }
  return into;
}
