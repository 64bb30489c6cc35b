// Runs the shipped face detector beside the page: pictures in, faces and a hint out.

import * as ort from "onnxruntime-web/wasm";
import modelHref from "../../../models/assets/landmarks/face_detection.onnx?url";
import wasmHref from "../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm?url";
import { type Face, facesOf, type HintName, hintOf, lightOf, SIZE } from "./detector";

export interface Question {
  view: string;
  picture: ImageBitmap;
  front: boolean;
}

export type Answer =
  | { view: string; hint: HintName; faces: Face[] }
  | { view: string; failed: true };

// One thread: more would need isolation from every other window.
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = { wasm: wasmHref };

const network = ort.InferenceSession.create(modelHref, { executionProviders: ["wasm"] });
const canvas = new OffscreenCanvas(SIZE, SIZE);
const pen = canvas.getContext("2d", { willReadFrequently: true });

async function look({ view, picture, front }: Question): Promise<Answer> {
  if (!pen) return { view, failed: true };
  const { width, height } = picture;
  const scale = SIZE / Math.max(width, height);
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, SIZE, SIZE);
  pen.drawImage(
    picture,
    (SIZE - width * scale) / 2,
    (SIZE - height * scale) / 2,
    width * scale,
    height * scale,
  );
  picture.close();
  const { data } = pen.getImageData(0, 0, SIZE, SIZE);
  const pixels = SIZE * SIZE;
  const planes = new Float32Array(3 * pixels);
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < 3; c++) planes[c * pixels + i] = (data[4 * i + c] as number) / 127.5 - 1;
  }
  const session = await network;
  const found = await session.run({ image: new ort.Tensor("float32", planes, [1, 3, SIZE, SIZE]) });
  const raw = found.boxes?.data as Float32Array;
  const logits = found.logits?.data as Float32Array;
  const faces = facesOf(raw, logits, width, height);
  const light = faces[0] ? lightOf(data, faces[0], width, height) : null;
  return { view, faces, hint: hintOf(faces, light, { width, height }, front) };
}

self.onmessage = async (event: MessageEvent<Question>) => {
  const answer = await look(event.data).catch(
    (): Answer => ({ view: event.data.view, failed: true }),
  );
  self.postMessage(answer);
};
