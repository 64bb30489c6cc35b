// Where a take stands, and how takes are put in the order of the protocol.

import type { Schemas } from "../api/client";

export type Take = Schemas["TakeRead"];
export type Job = Schemas["JobRead"];
export type Recording = Schemas["RecordingRead"];
type Movement = Schemas["ProtocolMovement"];

export type Stand =
  | "void"
  | "replaced"
  | "excluded"
  | "planned"
  | "waiting"
  | "working"
  | "failed"
  | "analysed"
  | "unmeasured"
  | "idle";

const ALIVE = ["queued", "running"];
const BROKEN = ["failed", "parked"];

/** Whether a job waits or runs. */
export function alive(job: Job): boolean {
  return ALIVE.includes(job.state);
}

/** The job that tells how far a take is: its own analysis, else the first look at its recording. */
export function jobOf(take: Take, jobs: Job[]): Job | undefined {
  const own = jobs.find((job) => job.take_id === take.id && job.kind === "analyze_take");
  const look = jobs.find(
    (job) => job.kind === "quick_look" && job.recording_id === take.recording_id && alive(job),
  );
  // The analysis waits for the first look, so that is what is going on.
  return own && alive(own) && own.state === "queued" && look ? look : (own ?? look);
}

/** Where a take stands. Jobs come with the newest first. */
export function standOf(take: Take, recording: Recording | undefined, job: Job | undefined): Stand {
  if (take.voided_at !== null) return "void";
  if (take.replaced_by_id !== null) return "replaced";
  if (take.excluded_at !== null) return "excluded";
  if (take.recording_id === null) return "planned";
  if (recording?.state === "waiting") return "waiting";
  if (job && alive(job)) return "working";
  if (job && BROKEN.includes(job.state) && !outlived(take, job)) return "failed";
  if (take.analysis) return "analysed";
  if (job?.state === "cancelled") return "failed";
  if (take.measured_as === null) return "unmeasured";
  return "idle";
}

/** An analysis that was published after a job broke makes the trouble old. */
function outlived(take: Take, job: Job): boolean {
  return (
    take.analysis !== null &&
    Date.parse(take.analysis.published_at) > Date.parse(job.finished_at ?? job.created_at)
  );
}

export interface Group {
  movement: string;
  title: string;
  optional: boolean;
  /** How many repetitions the protocol asks for; null when it has no such movement. */
  wanted: number | null;
  takes: Take[];
}

/** Takes under their movements: those of the protocol in its order, then all others. */
export function inProtocolOrder(takes: Take[], movements: readonly Movement[]): Group[] {
  const of = (movement: string) =>
    takes.filter((take) => take.movement === movement).sort((a, b) => a.number - b.number);
  const known: Group[] = movements.map((movement) => ({
    movement: movement.id,
    title: movement.title,
    optional: movement.optional,
    wanted: movement.repetitions,
    takes: of(movement.id),
  }));
  const ids = new Set(movements.map((movement) => movement.id));
  const others = [...new Set(takes.map((take) => take.movement))].filter((id) => !ids.has(id));
  return [
    ...known,
    ...others.map((movement) => ({
      movement,
      title: takes.find((take) => take.movement === movement)?.title ?? movement,
      optional: true,
      wanted: null,
      takes: of(movement),
    })),
  ];
}

/** How many movements that are not optional are recorded, and how many there are. */
export function progressOf(groups: Group[]): { done: number; wanted: number } {
  const needed = groups.filter((group) => !group.optional);
  const counts = (take: Take) =>
    take.voided_at === null &&
    take.excluded_at === null &&
    take.replaced_by_id === null &&
    take.recording_id !== null;
  return {
    done: needed.filter((group) => group.takes.some(counts)).length,
    wanted: needed.length,
  };
}

/** Reasons of quality control, worst first, each once; what passed is left out. */
export function reasonsOf(checks: Schemas["QCCheck"][] | undefined): Schemas["QCCheck"][] {
  const rank = (level: string) => (level === "reject" || level === "rejected" ? 0 : 1);
  const told = new Map<string, Schemas["QCCheck"]>();
  for (const check of checks ?? []) {
    if (check.level !== "ok" && check.reason && !told.has(check.reason)) {
      told.set(check.reason, check);
    }
  }
  return [...told.values()].sort((a, b) => rank(a.level) - rank(b.level));
}
