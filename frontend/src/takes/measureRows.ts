// Rows of numbers as the service tells them -> one line a measure, left beside right; no drawing.

import type { Schemas } from "../api/client";

export type Measure = Schemas["MeasureRead"];

export const GROUPS = [
  "movement",
  "similarity",
  "timing",
  "components",
  "peak",
  "rest",
  "asymmetry",
  "synkinesis",
  "spread",
] as const;
export type Group = (typeof GROUPS)[number];

export interface Difference {
  value: number;
  lo: number | null;
  hi: number | null;
}

export interface Line {
  key: string;
  group: Group;
  movement: string;
  takeId: string;
  measure: string;
  region: string;
  unit: string;
  left: Measure | null;
  right: Measure | null;
  /** One number for both sides, or for the middle. */
  single: Measure | null;
  difference: Difference | null;
  ratio: Measure | null;
  /** Of mirror asymmetry: what a symmetric face would read, and the value before it was taken off. */
  floor: Measure | null;
  raw: Measure | null;
  /** Why a value is missing or to be read with care. */
  reason: string;
}

const TIMING = new Set(["onset_lag", "peak_velocity", "rise_time", "time_to_peak"]);
const SIMILARITY = new Set([
  "asymmetry_index",
  "direction_similarity",
  "displacement_ratio",
  "movement_similarity_index",
  "trajectory_correlation",
  "trajectory_lag",
]);
const SYNKINESIS = new Set(["ocular_synkinesis", "synkinesis", "synkinesis_percent"]);

/** Where a measure stands in the table. */
export function groupOf(measure: string): Group {
  if (measure.startsWith("asymmetry_rms") || measure.startsWith("asymmetry_noise")) {
    return "asymmetry";
  }
  if (SYNKINESIS.has(measure)) return "synkinesis";
  if (measure.endsWith("_repetition_sd")) return "spread";
  if (TIMING.has(measure)) return "timing";
  if (SIMILARITY.has(measure)) return "similarity";
  if (/_(lateral|vertical|anterior)$/.test(measure)) return "components";
  if (measure.endsWith("_rest")) return "rest";
  if (measure.endsWith("_peak")) return "peak";
  return "movement";
}

/** Left minus right; half widths are added squared, as if the errors were independent. */
export function differenceOf(left: Measure | null, right: Measure | null): Difference | null {
  if (left?.value == null || right?.value == null) return null;
  const value = left.value - right.value;
  const half = (m: Measure) =>
    m.ci_lo === null || m.ci_hi === null ? null : (m.ci_hi - m.ci_lo) / 2;
  const a = half(left);
  const b = half(right);
  if (a === null || b === null) return { value, lo: null, hi: null };
  const both = Math.hypot(a, b);
  return { value, lo: value - both, hi: value + both };
}

/** One line a movement, measure and region; rows of other repetitions are left out. */
export function linesOf(measures: readonly Measure[], repetition: number | null): Line[] {
  const lines = new Map<string, Line>();
  const lineOf = (row: Measure, measure: string): Line => {
    // Dental show has halves and a middle: two lines.
    const sided = row.side === "left" || row.side === "right";
    const key = [row.take_id, row.movement, measure, row.region, sided ? "sides" : "one"].join("|");
    const here = lines.get(key);
    if (here) return here;
    const made: Line = {
      key,
      group: groupOf(measure),
      movement: row.movement,
      takeId: row.take_id,
      measure,
      region: row.region,
      unit: row.unit,
      left: null,
      right: null,
      single: null,
      difference: null,
      ratio: null,
      floor: null,
      raw: null,
      reason: "",
    };
    lines.set(key, made);
    return made;
  };
  // What is read once a take, such as positions at rest, stands in every repetition.
  const once = new Set(measures.filter((row) => row.repetition === null).map((row) => nameOf(row)));
  for (const row of measures) if (row.repetition !== null) once.delete(nameOf(row));
  const ratios: Measure[] = [];
  for (const row of measures) {
    if (row.repetition !== repetition && !(row.repetition === null && once.has(nameOf(row)))) {
      continue;
    }
    const part = /^asymmetry_(noise_floor|rms_raw)_(rest|peak)$/.exec(row.measure);
    if (part) {
      const line = lineOf(row, `asymmetry_rms_${part[2]}`);
      if (part[1] === "noise_floor") line.floor = row;
      else line.raw = row;
      continue;
    }
    if (row.measure === "displacement_ratio") {
      ratios.push(row);
      continue;
    }
    // The record's sides say the same once more; the head of the table names them.
    if (row.side === "healthy" || (row.side === "affected" && !SYNKINESIS.has(row.measure))) {
      continue;
    }
    const line = lineOf(row, row.measure);
    if (row.side === "left") line.left = row;
    else if (row.side === "right") line.right = row;
    else line.single = row;
    if (row.reason && !line.reason.includes(row.reason)) {
      line.reason = line.reason ? `${line.reason} ${row.reason}` : row.reason;
    }
  }
  for (const line of lines.values()) line.difference = differenceOf(line.left, line.right);
  for (const ratio of ratios) putRatio(ratio, lines);
  return [...lines.values()].filter((line) => line.left || line.right || line.single || line.raw);
}

/** The ratio stands beside the amplitude that it is of: the sided measure of its region. */
function putRatio(ratio: Measure, lines: Map<string, Line>): void {
  const amplitudes = [
    "commissure_excursion",
    "brow_excursion",
    "alar_excursion",
    "lower_lip_excursion",
    "lid_closure",
  ];
  for (const line of lines.values()) {
    if (
      line.takeId === ratio.take_id &&
      line.movement === ratio.movement &&
      line.region === ratio.region &&
      amplitudes.includes(line.measure)
    ) {
      line.ratio = ratio;
      if (ratio.reason && !line.reason.includes(ratio.reason)) {
        line.reason = line.reason ? `${line.reason} ${ratio.reason}` : ratio.reason;
      }
    }
  }
}

function nameOf(row: Measure): string {
  return `${row.take_id}|${row.measure}|${row.region}|${row.side}`;
}

export type SortColumn = "order" | "left" | "right" | "difference";

/** The value that a line is sorted by; lines without one come last. */
export function sortValue(line: Line, column: SortColumn): number | null {
  switch (column) {
    case "left":
      return line.left?.value ?? null;
    case "right":
      return line.right?.value ?? null;
    case "difference":
      return line.difference ? Math.abs(line.difference.value) : null;
    default:
      return null;
  }
}

/** Lines in the order asked for, the largest first; otherwise by group, what is aimed at first. */
export function sorted(lines: readonly Line[], column: SortColumn): Line[] {
  if (column === "order") {
    const place = (line: Line) => 2 * GROUPS.indexOf(line.group) - (line.ratio ? 1 : 0);
    return [...lines].sort((a, b) => place(a) - place(b));
  }
  return [...lines].sort((a, b) => {
    const x = sortValue(a, column);
    const y = sortValue(b, column);
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return y - x;
  });
}

/** How many decimals a unit deserves: one for lengths and angles, two for shares and seconds. */
export function decimalsOf(unit: string): 1 | 2 {
  return unit === "1" || unit === "s" ? 2 : 1;
}
