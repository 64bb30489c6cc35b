// Where in the movement a moment is, by the moments that both takes have.

import type { Schemas } from "../api/client";

export type PhaseAnchor = Schemas["AnchorRead"];
export type Part = "before" | "rising" | "peak" | "falling" | "after";

/** As near to the peak as a frame. */
const AT_PEAK_S = 0.03;

export interface Place {
  part: Part;
  /** Counted from 1; null before the first and after the last repetition. */
  repetition: number | null;
}

/** The part of the movement at a moment of the earlier take. */
export function phaseAt(anchors: readonly PhaseAnchor[], beforeS: number): Place {
  const passed = anchors.findLast((anchor) => anchor.before_s <= beforeS + 1e-6);
  const first = anchors.find((anchor) => anchor.phase === "onset");
  if (!passed || passed.phase === "start")
    return { part: first ? "before" : "after", repetition: null };
  const peak = anchors.find(
    ({ phase, before_s }) => phase === "peak" && Math.abs(before_s - beforeS) < AT_PEAK_S,
  );
  if (peak) return { part: "peak", repetition: peak.repetition };
  if (passed.phase === "onset") return { part: "rising", repetition: passed.repetition };
  if (passed.phase === "peak") return { part: "falling", repetition: passed.repetition };
  return { part: "after", repetition: null };
}

/** The moments that are worth a mark on the slider. */
export function marksOf(anchors: readonly PhaseAnchor[]): PhaseAnchor[] {
  return anchors.filter(({ phase }) => phase !== "start" && phase !== "end");
}
