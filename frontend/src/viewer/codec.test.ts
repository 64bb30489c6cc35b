// @vitest-environment node
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  chunkOf,
  decodeChunk,
  decodePlanes,
  dequantise,
  headerOf,
  parseFile,
  StreamError,
} from "./codec";
import { MeshStream } from "./stream";

const bytesOf = (name: string) =>
  new Uint8Array(readFileSync(new URL(`./fixtures/${name}.sfm`, import.meta.url)));
const valuesOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), "utf-8")) as (
    | number
    | null
  )[];

describe.each(["meshes", "scalars"])("the stream %s", (name) => {
  it("decodes to what Python reads", async () => {
    const stream = MeshStream.of(bytesOf(name));
    const expected = valuesOf(name);
    const { frames, vertices, components } = stream.header;
    const n = vertices * components;
    for (let frame = 0; frame < frames; frame++) {
      const read = await stream.frame(frame);
      for (let i = 0; i < n; i++) {
        const wanted = expected[frame * n + i];
        if (wanted === null) expect(read[i]).toBeNaN();
        else expect(Math.abs((read[i] as number) - (wanted as number))).toBeLessThan(1e-4);
      }
    }
  });

  it("is refused when a byte is missing", async () => {
    const { header, body } = parseFile(bytesOf(name));
    const [chunk] = header.chunks;
    const packed = bytesOf(name).slice(body, body + (chunk?.length ?? 0) - 1);
    await expect(
      decodeChunk(packed, chunk?.frames ?? 0, header.vertices, header.components),
    ).rejects.toThrow(StreamError);
  });
});

describe("headers", () => {
  it("refuse another format, another version, and a header that is cut off", () => {
    const bytes = bytesOf("meshes");
    expect(() => parseFile(new Uint8Array(64))).toThrow("not a mesh stream");
    const newer = bytes.slice();
    newer[8] = 2;
    expect(() => parseFile(newer)).toThrow("version 2");
    expect(() => parseFile(bytes.slice(0, 40))).toThrow("ends within");
  });

  it("refuse what contradicts itself", () => {
    const raw = {
      kind: "vertices",
      name: "vertices",
      unit: "mm",
      frames: 2,
      vertices: 3,
      components: 3,
      step: 0.01,
      origin: [0, 0, 0],
      time_s: [0, 1],
      topology_id: "",
    };
    const chunk = { firstFrame: 0, frames: 2, length: 9 };
    expect(headerOf(raw, [chunk]).frames).toBe(2);
    expect(() => headerOf(raw, [{ ...chunk, frames: 3 }])).toThrow(StreamError);
    expect(() => headerOf({ ...raw, components: 1 }, [chunk])).toThrow(StreamError);
    expect(() => headerOf({ ...raw, time_s: [0] }, [chunk])).toThrow(StreamError);
  });

  it("tell which chunk holds a frame", () => {
    const { header } = parseFile(bytesOf("meshes"));
    expect([0, 29, 30, 36].map((frame) => chunkOf(header, frame))).toEqual([0, 0, 1, 1]);
  });
});

describe("chunks", () => {
  it("of the wrong length are refused", () => {
    expect(() => decodePlanes(new Uint8Array(7), 1, 1, 3)).toThrow(StreamError);
  });

  it("say NaN where there is no value", () => {
    const read = dequantise(
      Int16Array.of(-32768, 5),
      { components: 1, origin: [1], step: 0.5 },
      new Float32Array(2),
    );
    expect(read[0]).toBeNaN();
    expect(read[1]).toBe(3.5);
  });
});

describe("a stream", () => {
  it("keeps a bounded number of chunks, and says what is not here", async () => {
    const stream = MeshStream.of(bytesOf("meshes"));
    const into = new Float32Array(stream.header.vertices * 3);
    expect(stream.read(0, into)).toBe(false);
    await stream.load(0);
    expect(stream.read(0, into)).toBe(true);
    expect(stream.residentBytes).toBeGreaterThan(0);
    stream.close();
    expect(stream.residentBytes).toBe(0);
  });
});
