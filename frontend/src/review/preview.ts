// Asks the service how it would fit one frame with corrections; waits for the answer.

import { api, fetchFile, ProblemError } from "../api/client";
import { t } from "../messages/all";
import { asSent, type Corrections, type View } from "./corrections";

export type Landmarks = Partial<Record<View, [number, number][]>>;

const LOOK_EVERY_MS = 250;
const PATIENCE_MS = 60_000;

export async function previewLandmarks(
  analysisId: string,
  frame: number,
  corrections: Corrections,
  signal: AbortSignal,
): Promise<Landmarks> {
  const { data: job } = await api.POST("/api/v1/jobs/previews", {
    body: { analysis_id: analysisId, frame, corrections: asSent(corrections) },
    signal,
  });
  if (!job) throw failed();
  const giveUp = Date.now() + PATIENCE_MS;
  let state = job.state;
  while (state === "queued" || state === "running") {
    if (Date.now() > giveUp) throw failed();
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    signal.throwIfAborted();
    const { data } = await api.GET("/api/v1/jobs/{job_id}", {
      params: { path: { job_id: job.id } },
      signal,
    });
    if (data) state = data.state;
  }
  if (state !== "succeeded") throw failed();
  const response = await fetchFile(`/api/v1/jobs/${job.id}/preview/landmarks`, { signal });
  return ((await response.json()) as { landmarks_px: Landmarks }).landmarks_px;
}

function failed(): ProblemError {
  return new ProblemError({
    detail: t.review.previewFailed,
    next_step: t.review.previewFailedNext,
  });
}
