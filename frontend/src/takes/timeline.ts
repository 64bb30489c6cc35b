// What stands on the time line of a take, in seconds of the recording's clock; no drawing.

import type { Schemas } from "../api/client";
import type { Series, Span } from "../viewer";

export type Analysis = Schemas["AnalysisRead"];

export interface Excluded extends Span {
  reason: string;
}

export interface Repetition extends Span {
  number: number;
  peakS: number;
}

export interface Marks {
  rest: Span[];
  restFrameS: number | null;
  repetitions: Repetition[];
  excluded: Excluded[];
}

/** Neighbouring frames as spans of time. */
export function spansOf(frames: readonly number[], timeS: readonly number[]): Span[] {
  const sorted = [...frames].sort((a, b) => a - b);
  const spans: Span[] = [];
  let first = sorted[0];
  let last = first;
  const close = () => {
    if (first === undefined || last === undefined) return;
    const fromS = timeS[first];
    const toS = timeS[last];
    if (fromS !== undefined && toS !== undefined) spans.push({ fromS, toS });
  };
  for (const frame of sorted.slice(1)) {
    if (last !== undefined && frame > last + 1) {
      close();
      first = frame;
    }
    last = frame;
  }
  close();
  return spans;
}

/** Everything that is marked on the time line of an analysis. */
export function marksOf(analysis: Analysis, series: Series, streamTimeS: readonly number[]): Marks {
  const reasons = new Map<string, number[]>();
  for (const [frame, reason] of Object.entries(analysis.summary.excluded_frames)) {
    const frames = reasons.get(reason) ?? [];
    frames.push(Number(frame));
    reasons.set(reason, frames);
  }
  return {
    rest: spansOf(series.rest_frames, series.time_s),
    restFrameS: streamTimeS[analysis.summary.rest_frame] ?? null,
    repetitions: series.repetitions.map((r) => ({
      number: r.number,
      fromS: r.onset_s,
      peakS: r.peak_s,
      toS: r.offset_s,
    })),
    excluded: [...reasons].flatMap(([reason, frames]) =>
      spansOf(frames, streamTimeS).map((span) => ({ ...span, reason })),
    ),
  };
}

/** The curve that stands behind the time line: the movement's own amplitude, of both sides. */
export function effortCurves(series: Series, target: string | undefined): Series["curves"] {
  const measure = target === "lid_gap_min" || target === "lid_closure" ? "lid_gap" : target;
  const found = series.curves.filter((curve) => curve.measure === measure);
  return found.length > 0 ? found : series.curves.filter((curve) => curve.measure === "lid_gap");
}

/** Which curve a movement is judged by; as in models/movements.py. */
export const TARGETS: Record<string, string> = {
  brow_raise: "brow_excursion",
  gentle_closure: "lid_gap",
  tight_closure: "lid_gap",
  gentle_smile: "commissure_excursion",
  full_smile: "commissure_excursion",
  pucker: "commissure_excursion",
  nose_wrinkle: "alar_excursion",
  lower_teeth: "lower_lip_excursion",
};

/** An SVG path of a curve in a box; gaps where a frame has no value. */
export function pathOf(
  values: readonly (number | null)[],
  timeS: readonly number[],
  span: Span,
  top: number,
  size: { width: number; height: number },
): string {
  let path = "";
  let drawing = false;
  values.forEach((value, i) => {
    const at = timeS[i];
    if (value === null || at === undefined) {
      drawing = false;
      return;
    }
    const x = ((at - span.fromS) / (span.toS - span.fromS || 1)) * size.width;
    const y = size.height * (1 - value / (top || 1));
    path += `${drawing ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    drawing = true;
  });
  return path;
}
