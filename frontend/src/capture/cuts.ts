// Cutting one long recording into takes: where they lie, and how their edges may move. Pure.

export interface Cut {
  id: string;
  movement: string;
  /** Seconds of the recording's common clock. */
  startS: number;
  endS: number;
  /** The take that was made of it. */
  takeId?: string;
}

export interface Timed {
  id: string;
  optional: boolean;
  repetitions: number;
  rest_before_s: number;
  movement_s: number;
  rest_after_s: number;
}

export type Edge = "start" | "end";

/** A shorter take has no rest to measure from. */
export const SHORTEST_S = 1;

const tenth = (seconds: number) => Math.round(seconds * 10) / 10;

/** How long the protocol gives a movement with all its repetitions. */
export function plannedS(movement: Timed): number {
  const round = movement.rest_before_s + movement.movement_s + movement.rest_after_s;
  return round * movement.repetitions;
}

/** The protocol laid over the recording: each movement its share of the time, in order. */
export function laidOut(movements: readonly Timed[], lengthS: number): Cut[] {
  const wanted = movements.filter((one) => !one.optional);
  const whole = wanted.reduce((sum, one) => sum + plannedS(one), 0);
  if (whole <= 0 || lengthS < SHORTEST_S * wanted.length) return [];
  let at = 0;
  return wanted.map((one) => {
    const startS = tenth((at / whole) * lengthS);
    at += plannedS(one);
    return { id: one.id, movement: one.id, startS, endS: tenth((at / whole) * lengthS) };
  });
}

/** The cuts with one edge moved, as far as its neighbours and the recording leave room. */
export function moved(
  cuts: readonly Cut[],
  id: string,
  edge: Edge,
  toS: number,
  lengthS: number,
): Cut[] {
  const index = cuts.findIndex((cut) => cut.id === id);
  const cut = cuts[index];
  if (!cut || !Number.isFinite(toS)) return [...cuts];
  const before = cuts[index - 1]?.endS ?? 0;
  const after = cuts[index + 1]?.startS ?? lengthS;
  const [low, high] =
    edge === "start" ? [before, cut.endS - SHORTEST_S] : [cut.startS + SHORTEST_S, after];
  const atS = Math.max(low, Math.min(high, tenth(toS)));
  const next = edge === "start" ? { ...cut, startS: atS } : { ...cut, endS: atS };
  return cuts.with(index, next);
}

/** Part the cut at a moment in two, or begin a new one where there is none; null without room. */
export function cutAt(
  cuts: readonly Cut[],
  atS: number,
  lengthS: number,
  fresh: { id: string; movement: string },
): Cut[] | null {
  const at = tenth(atS);
  const inside = cuts.findIndex((cut) => cut.startS < at && at < cut.endS);
  const cut = cuts[inside];
  if (cut) {
    if (cut.takeId || at - cut.startS < SHORTEST_S || cut.endS - at < SHORTEST_S) return null;
    return cuts.toSpliced(
      inside,
      1,
      { ...cut, endS: at },
      { ...fresh, startS: at, endS: cut.endS },
    );
  }
  const following = cuts.findIndex((one) => one.startS >= at);
  const endS = cuts[following]?.startS ?? lengthS;
  if (endS - at < SHORTEST_S) return null;
  const index = following < 0 ? cuts.length : following;
  return cuts.toSpliced(index, 0, { ...fresh, startS: at, endS: tenth(Math.min(endS, at + 10)) });
}
