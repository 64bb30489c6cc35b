// Where the values of a trend stand on its axes, and what they are held against; nothing is drawn.

import type { Schemas } from "../api/client";

export type Trend = Schemas["TrendRead"];
export type TrendPoint = Schemas["TrendPoint"];
type Moment = { visited_on: string | null; day: number };

export type Span = [number, number];

const DAY_S = 86_400;

/** Whether the reader is told dates; pseudonymous readers are told days from the first visit. */
export function isDated(trends: readonly Trend[]): boolean {
  return trends.some((trend) => trend.points.some((point) => point.visit.visited_on !== null));
}

/** The place on the time axis: seconds of the day itself, or days from the first visit. */
export function placeOf(moment: Moment): number {
  return moment.visited_on
    ? Date.parse(`${moment.visited_on.slice(0, 10)}T00:00:00Z`) / 1000
    : moment.day;
}

/** The visits of some trends in time, each once. */
export function visitsOf(trends: readonly Trend[]): TrendPoint["visit"][] {
  const visits = new Map<string, TrendPoint["visit"]>();
  for (const trend of trends) {
    for (const { visit } of trend.points) visits.set(visit.id, visit);
  }
  return [...visits.values()].sort((a, b) => placeOf(a) - placeOf(b) || a.number - b.number);
}

export interface Stretch {
  trend: number;
  /** Measured with the same model as the latest value, so that changes are told from it. */
  comparable: boolean;
  model: string;
  points: TrendPoint[];
}

/** The values of each trend by the model that made them: lines never join two models. */
export function stretchesOf(trends: readonly Trend[]): Stretch[] {
  return trends.flatMap((trend, index) => {
    const stretches = new Map<string, Stretch>();
    for (const point of trend.points) {
      const key = `${point.comparable} ${point.model}`;
      const stretch = stretches.get(key) ?? {
        trend: index,
        comparable: point.comparable,
        model: point.model,
        points: [],
      };
      stretch.points.push(point);
      stretches.set(key, stretch);
    }
    return [...stretches.values()];
  });
}

/** The first value that later ones are compared with. */
export function baselineOf(trend: Trend): number | null {
  return trend.points.find((point) => point.comparable && point.value !== null)?.value ?? null;
}

/** What lies within the measurement error of the first value; null when nobody knows the error. */
export function measurableBand(trend: Trend): Span | null {
  const first = baselineOf(trend);
  if (first === null || !trend.mdc95) return null;
  return [first - trend.mdc95.value, first + trend.mdc95.value];
}

export interface Threshold {
  visitId: string;
  value: number;
}

/**
 * Where a difference between the sides begins to be seen, visit by visit: that far from the other
 * side, on the side where the values lie. A difference of the sides itself is held against the
 * size alone. Empty when nobody knows, or when the other side was not measured.
 */
export function visibleFrom(trend: Trend, other: Trend | null): Threshold[][] {
  const size = trend.perception?.value;
  if (size === undefined) return [];
  if (trend.side === "both" || trend.side === "midline") {
    const below = trend.points.some((point) => (point.value ?? 0) < 0);
    return (below ? [size, -size] : [size]).map((value) =>
      trend.points.map((point) => ({ visitId: point.visit.id, value })),
    );
  }
  if (!other) return [];
  const pairs = trend.points.flatMap((point) => {
    const beside = other.points.find((one) => one.visit.id === point.visit.id)?.value ?? null;
    return point.value === null || beside === null
      ? []
      : [{ visitId: point.visit.id, value: point.value, beside }];
  });
  if (pairs.length === 0) return [];
  const lean = pairs.reduce((sum, { value, beside }) => sum + value - beside, 0);
  const sign = lean > 0 ? 1 : -1;
  return [pairs.map(({ visitId, beside }) => ({ visitId, value: beside + sign * size }))];
}

/** What the axes must hold: values, whiskers and everything they are held against, with room. */
export function extentOf(trends: readonly Trend[], chosen = 0): { x: Span; y: Span } {
  const points = trends.flatMap((trend) => trend.points);
  const [trend, other] = [trends[chosen], trends.find((_, i) => i !== chosen) ?? null];
  const ys = points.flatMap((p) => [p.value, p.ci_lo, p.ci_hi].filter((v) => v !== null));
  if (trend) {
    ys.push(...(measurableBand(trend) ?? []));
    ys.push(...visibleFrom(trend, other).flatMap((line) => line.map(({ value }) => value)));
  }
  const day = isDated(trends) ? DAY_S : 1;
  const xs = points.map((point) => placeOf(point.visit));
  return {
    x: xs.length > 0 ? spread(xs, 14 * day) : [0, day],
    y: ys.length > 0 ? spread([...ys, 0], 1) : [0, 1],
  };
}

function spread(values: readonly number[], least: number): Span {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = Math.max(high - low, least) * 0.08;
  return [low - room, high + room];
}

/** Some of the places, so far apart that their words do not touch; the first and last stay. */
export function thinned(places: readonly number[], least: number): number[] {
  const sorted = [...new Set(places)].sort((a, b) => a - b);
  const last = sorted.at(-1);
  if (last === undefined) return [];
  const kept: number[] = [];
  for (const place of sorted.slice(0, -1)) {
    const before = kept.at(-1);
    if ((before === undefined || place - before >= least) && last - place >= least) {
      kept.push(place);
    }
  }
  const [first] = sorted;
  // Two visits that nearly fall together still have a beginning.
  if (kept.length === 0 && first !== undefined && first !== last) kept.push(first);
  return [...kept, last];
}
