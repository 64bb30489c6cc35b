// Corrections of a take as somebody makes them: spans, rest frame, points; with undo. No React here.

import type { Schemas } from "../api/client";

export type View = Schemas["View"];
export type Span = Schemas["ExcludedFrames"];

/** As the API says and hears them; points are x and y in pixels by the landmark's number. */
export interface Corrections {
  excluded_frames: Span[];
  rest_frames: number[];
  landmarks: { view: View; frame: number; points: Record<string, number[]> }[];
}

/** What the API wants to hear: it counts the numbers of a point. */
export function asSent(corrections: Corrections): Schemas["Corrections"] {
  return corrections as Schemas["Corrections"];
}

export interface Draft {
  past: Corrections[];
  present: Corrections;
  future: Corrections[];
}

const MOST_STEPS = 100;

export const NONE: Corrections = { excluded_frames: [], rest_frames: [], landmarks: [] };

export function begun(present: Corrections = NONE): Draft {
  return { past: [], present, future: [] };
}

export function changed(draft: Draft, present: Corrections): Draft {
  return { past: [...draft.past, draft.present].slice(-MOST_STEPS), present, future: [] };
}

export function undone(draft: Draft): Draft {
  const before = draft.past[draft.past.length - 1];
  if (!before) return draft;
  return {
    past: draft.past.slice(0, -1),
    present: before,
    future: [draft.present, ...draft.future],
  };
}

export function redone(draft: Draft): Draft {
  const [next, ...future] = draft.future;
  if (!next) return draft;
  return { past: [...draft.past, draft.present], present: next, future };
}

/** With one more span; spans of the same reason that touch become one. */
export function withSpan(corrections: Corrections, span: Span): Corrections {
  const [first, last] = [Math.min(span.first, span.last), Math.max(span.first, span.last)];
  const spans = [...corrections.excluded_frames, { ...span, first, last }].sort(
    (a, b) => a.first - b.first,
  );
  const joined: Span[] = [];
  for (const one of spans) {
    const before = joined[joined.length - 1];
    if (before && one.first <= before.last + 1 && one.reason === before.reason) {
      joined[joined.length - 1] = { ...before, last: Math.max(before.last, one.last) };
    } else {
      joined.push(one);
    }
  }
  return { ...corrections, excluded_frames: joined };
}

export function withoutSpan(corrections: Corrections, index: number): Corrections {
  const spans = corrections.excluded_frames.filter((_, i) => i !== index);
  return { ...corrections, excluded_frames: spans };
}

export function withRest(corrections: Corrections, frame: number | null): Corrections {
  return { ...corrections, rest_frames: frame === null ? [] : [frame] };
}

export type Points = Record<number, [number, number]>;

/** The points of a view and frame that are put right. */
export function pointsOf(corrections: Corrections, view: View, frame: number): Points {
  const found = corrections.landmarks.find((one) => one.view === view && one.frame === frame);
  return (found?.points ?? {}) as Points;
}

export function withPoints(
  corrections: Corrections,
  view: View,
  frame: number,
  points: Points,
): Corrections {
  const others = corrections.landmarks.filter((one) => one.view !== view || one.frame !== frame);
  const landmarks = Object.keys(points).length > 0 ? [...others, { view, frame, points }] : others;
  return { ...corrections, landmarks };
}

export function same(a: Corrections, b: Corrections): boolean {
  const plain = (one: Corrections) =>
    JSON.stringify([
      one.excluded_frames,
      one.rest_frames,
      [...one.landmarks].sort((x, y) => x.view.localeCompare(y.view) || x.frame - y.frame),
    ]);
  return plain(a) === plain(b);
}

export function countPoints(corrections: Corrections): number {
  return corrections.landmarks.reduce((sum, one) => sum + Object.keys(one.points).length, 0);
}
