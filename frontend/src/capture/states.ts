// Where a movement of the protocol stands in a visit, told from its newest take and the work on it.

import type { Schemas } from "../api/client";

type Take = Schemas["TakeRead"];
type Job = Schemas["JobRead"];

export type MovementState =
  | "none"
  | "arriving"
  | "looking"
  | "analysing"
  | "done"
  | "rejected"
  | "failed";

const ALIVE = ["queued", "running"];
const BROKEN = ["failed", "parked", "cancelled"];

/** What is being done for a take: the first look at its recording, then its analysis. */
export function workOn(take: Take | undefined, jobs: readonly Job[]): Job | null {
  if (!take) return null;
  const alive = jobs.filter((job) => ALIVE.includes(job.state));
  return (
    alive.find((job) => job.kind === "quick_look" && job.recording_id === take.recording_id) ??
    alive.find((job) => job.kind === "analyze_take" && job.take_id === take.id) ??
    null
  );
}

/** `jobs` come with the newest first. */
export function stateOf(take: Take | undefined, jobs: readonly Job[]): MovementState {
  if (!take) return "none";
  const verdict = take.analysis?.verdict ?? take.first_verdict;
  if (verdict === "rejected") return "rejected";
  if (take.analysis) return "done";
  const analysis = jobs.find((job) => job.kind === "analyze_take" && job.take_id === take.id);
  if (analysis && BROKEN.includes(analysis.state)) return "failed";
  if (!analysis) return take.first_verdict ? "analysing" : "arriving";
  return take.first_verdict ? "analysing" : "looking";
}
