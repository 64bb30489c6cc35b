// Sends one file of a recording by tus: resumable, pausable, with its speed. No React here.

import { type DetailedError, Upload } from "tus-js-client";
import { csrfToken, ProblemError, type Schemas, sessionEnded, unreachable } from "../api/client";

export type View = Schemas["View"];

export interface SendingState {
  status: "waiting" | "sending" | "paused" | "broken" | "accepted" | "refused";
  sentBytes: number;
  totalBytes: number;
  bytesPerSecond: number | null;
  error: ProblemError | null;
}

const CHUNK_BYTES = 16 * 2 ** 20;
const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
// Answers after which the same bytes are never taken.
const FINAL = [400, 404, 409, 410, 413, 422];
const SPEED_OVER_MS = 3_000;

/** The refusal inside of what tus-js-client throws. */
export function problemIn(error: Error | DetailedError): ProblemError {
  const response = "originalResponse" in error ? error.originalResponse : null;
  if (!response) return unreachable();
  try {
    const problem = JSON.parse(response.getBody());
    if (typeof problem.detail === "string") return new ProblemError(problem);
  } catch {
    // An answer without a problem, as of a proxy.
  }
  return new ProblemError({
    status: response.getStatus(),
    code: "upload_failed",
    detail: `The file could not be sent (${response.getStatus()}).`,
    next_step: "Go on with the same file; what has arrived stays.",
  });
}

/** Bytes a second over the last moments; null until there is something to tell. */
export function speedOf(samples: readonly { atMs: number; bytes: number }[]): number | null {
  const last = samples[samples.length - 1];
  const first = samples[0];
  if (!first || !last || last.atMs - first.atMs < 200) return null;
  return (1000 * (last.bytes - first.bytes)) / (last.atMs - first.atMs);
}

export class Sending {
  private state: SendingState;
  private readonly upload: Upload;
  private readonly listeners = new Set<() => void>();
  private samples: { atMs: number; bytes: number }[] = [];

  constructor(file: Blob, recordingId: string, view: View) {
    this.state = {
      status: "waiting",
      sentBytes: 0,
      totalBytes: file.size,
      bytesPerSecond: null,
      error: null,
    };
    this.upload = new Upload(file as File, {
      endpoint: "/api/v1/uploads",
      chunkSize: CHUNK_BYTES,
      retryDelays: RETRY_MS,
      // No file name: it may identify somebody.
      metadata: { kind: "view", recording_id: recordingId, view },
      fingerprint: async () => fingerprintOf(file, recordingId, view),
      removeFingerprintOnSuccess: true,
      onBeforeRequest: (request) => request.setHeader("X-CSRF-Token", csrfToken()),
      onShouldRetry: (error) => {
        const status = error.originalResponse?.getStatus() ?? 0;
        if (status === 401) sessionEnded();
        this.change({ bytesPerSecond: null });
        return !FINAL.includes(status);
      },
      onProgress: (sent, total) => this.progress(sent, total),
      onSuccess: () =>
        this.change({
          status: "accepted",
          sentBytes: file.size,
          bytesPerSecond: null,
          error: null,
        }),
      onError: (error) => {
        const problem = problemIn(error);
        const status = FINAL.includes(problem.status) ? "refused" : "broken";
        this.change({ status, error: problem, bytesPerSecond: null });
      },
    });
  }

  snapshot = (): SendingState => this.state;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Begin, or go on where the service has got to. */
  async start(): Promise<void> {
    if (this.state.status === "sending" || this.state.status === "accepted") return;
    this.samples = [];
    this.change({ status: "sending", error: null });
    const [earlier] = await this.upload.findPreviousUploads();
    if (earlier) this.upload.resumeFromPreviousUpload(earlier);
    this.upload.start();
  }

  async pause(): Promise<void> {
    if (this.state.status !== "sending") return;
    await this.upload.abort();
    this.change({ status: "paused", bytesPerSecond: null });
  }

  /** Give the file up, here and at the service. */
  async cancel(): Promise<void> {
    await this.upload.abort(true).catch(() => undefined);
    this.change({ status: "waiting", sentBytes: 0, bytesPerSecond: null, error: null });
  }

  private progress(sentBytes: number, totalBytes: number): void {
    const atMs = performance.now();
    this.samples = [
      ...this.samples.filter((sample) => sample.atMs > atMs - SPEED_OVER_MS),
      { atMs, bytes: sentBytes },
    ];
    this.change({ sentBytes, totalBytes, bytesPerSecond: speedOf(this.samples) });
  }

  private change(part: Partial<SendingState>): void {
    this.state = { ...this.state, ...part };
    for (const listener of this.listeners) listener();
  }
}

/** Tells the same file again after a reload, without its name. */
export function fingerprintOf(file: Blob, recordingId: string, view: View): string {
  const changed = file instanceof File ? file.lastModified : 0;
  return `sfpfr:${recordingId}:${view}:${file.size}:${changed}`;
}
