// Inflates and decodes chunks away from the thread that draws.

import { decodeChunk } from "./codec";

export interface DecodeRequest {
  id: number;
  packed: ArrayBuffer;
  frames: number;
  vertices: number;
  components: number;
}

export type DecodeAnswer = { id: number; values: Int16Array } | { id: number; error: string };

// The DOM's types stand in for the worker's: only these two members are used.
const port = self as unknown as {
  onmessage: ((event: MessageEvent<DecodeRequest>) => void) | null;
  postMessage: (answer: DecodeAnswer, transfer?: Transferable[]) => void;
};

port.onmessage = async ({ data }) => {
  try {
    const values = await decodeChunk(data.packed, data.frames, data.vertices, data.components);
    port.postMessage({ id: data.id, values }, [values.buffer]);
  } catch (error) {
    port.postMessage({ id: data.id, error: error instanceof Error ? error.message : "" });
  }
};
