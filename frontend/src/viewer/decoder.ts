// One worker that decodes chunks for every stream of the page; without workers, this thread does.

import { decodeChunk, StreamError } from "./codec";
import type { DecodeAnswer, DecodeRequest } from "./decodeWorker";

interface Waiting {
  resolve: (values: Int16Array) => void;
  reject: (error: Error) => void;
}

class Decoder {
  private worker: Worker | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private next = 0;
  private broken = typeof Worker === "undefined";

  decode(
    packed: ArrayBuffer,
    frames: number,
    vertices: number,
    components: number,
  ): Promise<Int16Array> {
    const worker = this.start();
    if (!worker) return decodeChunk(packed, frames, vertices, components);
    return new Promise((resolve, reject) => {
      const id = this.next++;
      this.waiting.set(id, { resolve, reject });
      const request: DecodeRequest = { id, packed, frames, vertices, components };
      worker.postMessage(request, [packed]);
    });
  }

  private start(): Worker | null {
    if (this.worker || this.broken) return this.worker;
    try {
      const worker = new Worker(new URL("./decodeWorker.ts", import.meta.url), { type: "module" });
      worker.onmessage = ({ data }: MessageEvent<DecodeAnswer>) => {
        const waiting = this.waiting.get(data.id);
        this.waiting.delete(data.id);
        if ("values" in data) waiting?.resolve(data.values);
        else waiting?.reject(new StreamError(data.error));
      };
      worker.onerror = () => {
        // A worker that can't start must not keep the face from being shown.
        this.broken = true;
        this.worker = null;
        for (const { reject } of this.waiting.values()) {
          reject(new StreamError("The decoder stopped."));
        }
        this.waiting.clear();
      };
      this.worker = worker;
    } catch {
      this.broken = true;
    }
    return this.worker;
  }
}

export const decoder = new Decoder();
