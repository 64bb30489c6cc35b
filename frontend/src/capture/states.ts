// Where a movement of the protocol stands in a visit, told from its newest take.

import type { Schemas } from "../api/client";

export type MovementState =
  | "none"
  | "arriving"
  | "looking"
  | "analysing"
  | "done"
  | "rejected"
  | "failed";

export function stateOf(take: Schemas["TakeRead"] | undefined): MovementState {
  if (!take) return "none";
  const verdict = take.analysis?.verdict ?? take.first_verdict;
  if (verdict === "rejected") return "rejected";
  if (take.analysis) return "done";
  if (take.first_verdict) return "analysing";
  return "looking";
}
