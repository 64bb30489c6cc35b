// The measure that a movement aims at, left and right, out of the measures of a visit.

import type { Schemas } from "../api/client";

type Measure = Schemas["MeasureRead"];

// As in models/movements.py and docs/measures.md; rest aims at none.
export const TARGETS: Record<string, string> = {
  brow_raise: "brow_excursion",
  gentle_closure: "lid_gap_min",
  tight_closure: "lid_gap_min",
  gentle_smile: "commissure_excursion",
  full_smile: "commissure_excursion",
  nose_wrinkle: "alar_excursion",
  pucker: "commissure_excursion",
  lower_teeth: "lower_lip_excursion",
};

/** Every target measure once, to ask for them. */
export const TARGET_MEASURES = [...new Set(Object.values(TARGETS))];

export interface Target {
  measure: string;
  left: Measure | undefined;
  right: Measure | undefined;
  /** How many repetitions were found. */
  repetitions: number;
}

/** The target of an analysed take; null for movements that aim at nothing. */
export function targetOf(
  analysisId: string,
  movement: string | null,
  measures: Measure[],
): Target | null {
  const measure = movement === null ? undefined : TARGETS[movement];
  if (!measure) return null;
  const rows = measures.filter((row) => row.analysis_id === analysisId && row.measure === measure);
  const whole = (side: string) => rows.find((row) => row.repetition === null && row.side === side);
  return {
    measure,
    left: whole("left"),
    right: whole("right"),
    repetitions: new Set(rows.flatMap((row) => row.repetition ?? [])).size,
  };
}
