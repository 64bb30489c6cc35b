// Records up to three cameras against one clock. No React here.

import type { View } from "./sending";

/** In the order of wishes: what the service's players and decoders like best comes first. */
const TYPES = [
  "video/mp4;codecs=avc1.640028",
  "video/mp4;codecs=avc1",
  "video/webm;codecs=vp9",
  "video/webm;codecs=vp8",
  "video/webm",
];
const BITS_PER_SECOND = 12_000_000;
const PIECE_MS = 1_000;

export interface Recorded {
  films: Partial<Record<View, Blob>>;
  offsetsS: Partial<Record<View, number>>;
}

export function supportedType(supports = MediaRecorder.isTypeSupported): string | null {
  return TYPES.find((type) => supports(type)) ?? null;
}

/** Ask for one camera at the best that is useful: 1080 lines, 30 to 60 frames a second. */
export function openCamera(deviceId: string, sound: boolean): Promise<MediaStream> {
  return navigator.mediaDevices.getUserMedia({
    video: {
      deviceId: { exact: deviceId },
      width: { ideal: 1920 },
      height: { ideal: 1080 },
      frameRate: { ideal: 60, min: 15 },
    },
    audio: sound
      ? { echoCancellation: false, noiseSuppression: false, autoGainControl: false }
      : false,
  });
}

/** Offsets from the first camera's beginning, in seconds. */
export function offsetsOf(begunMs: Partial<Record<View, number>>): Partial<Record<View, number>> {
  const entries = Object.entries(begunMs) as [View, number][];
  const first = Math.min(...entries.map(([, at]) => at));
  return Object.fromEntries(entries.map(([view, at]) => [view, (at - first) / 1000]));
}

export class Recorder {
  private readonly recorders = new Map<View, MediaRecorder>();
  private readonly pieces = new Map<View, Blob[]>();
  private readonly begunMs: Partial<Record<View, number>> = {};

  /** Begin all cameras at once; each says when it really began, on one clock. */
  static async start(streams: Partial<Record<View, MediaStream>>): Promise<Recorder> {
    const made = new Recorder();
    const type = supportedType();
    const begun: Promise<void>[] = [];
    for (const [view, stream] of Object.entries(streams) as [View, MediaStream][]) {
      const recorder = new MediaRecorder(stream, {
        ...(type ? { mimeType: type } : {}),
        videoBitsPerSecond: BITS_PER_SECOND,
      });
      const pieces: Blob[] = [];
      made.recorders.set(view, recorder);
      made.pieces.set(view, pieces);
      recorder.ondataavailable = ({ data }) => {
        if (data.size > 0) pieces.push(data);
      };
      begun.push(
        new Promise((resolve, reject) => {
          recorder.onstart = () => {
            made.begunMs[view] = performance.now();
            resolve();
          };
          recorder.onerror = () => reject(new Error("the camera stopped"));
        }),
      );
    }
    for (const recorder of made.recorders.values()) recorder.start(PIECE_MS);
    await Promise.all(begun);
    return made;
  }

  async stop(): Promise<Recorded> {
    const films: Partial<Record<View, Blob>> = {};
    await Promise.all(
      [...this.recorders].map(
        ([view, recorder]) =>
          new Promise<void>((resolve) => {
            recorder.onstop = () => {
              const type = recorder.mimeType.split(";")[0];
              films[view] = new Blob(this.pieces.get(view), { type });
              resolve();
            };
            if (recorder.state === "inactive") recorder.onstop(new Event("stop"));
            else recorder.stop();
          }),
      ),
    );
    return { films, offsetsS: offsetsOf(this.begunMs) };
  }
}
