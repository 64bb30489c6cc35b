// Where things stand on the time line: instants to shares of its width, lanes, and marks of the scale.

export interface Happening {
  id: string;
  /** A day, `YYYY-MM-DD`. */
  day: string;
}

export interface Placed<T extends Happening> {
  item: T;
  /** 0 at the left end, 1 at the right. */
  at: number;
  /** Counted from 0, so that words next to each other do not overlap. */
  lane: number;
}

export interface Mark {
  day: string;
  at: number;
}

export interface Scale {
  from: number;
  to: number;
  at: (day: string) => number;
}

const DAY = 86_400_000;
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120];

function ms(day: string): number {
  return Date.parse(`${day.slice(0, 10)}T00:00:00Z`);
}

/** A scale that holds all days with some room at both ends; never shorter than 60 days. */
export function scaleOf(days: string[]): Scale {
  const all = days.map(ms).filter(Number.isFinite);
  let from = Math.min(...all);
  let to = Math.max(...all);
  const missing = 60 * DAY - (to - from);
  if (missing > 0) {
    from -= missing / 2;
    to += missing / 2;
  }
  const room = (to - from) * 0.04;
  from -= room;
  to += room;
  return { from, to, at: (day) => (ms(day) - from) / (to - from) };
}

/** Put each item into the first lane where it is at least `gap` (a share) behind the one before. */
export function place<T extends Happening>(items: T[], scale: Scale, gap: number): Placed<T>[] {
  const ends: number[] = [];
  return [...items]
    .sort((a, b) => a.day.localeCompare(b.day) || a.id.localeCompare(b.id))
    .map((item) => {
      const at = scale.at(item.day);
      let lane = ends.findIndex((end) => at - end >= gap);
      if (lane < 0) lane = ends.length;
      ends[lane] = at;
      return { item, at, lane };
    });
}

/** First days of months on the scale, at most `most` of them. */
export function marks(scale: Scale, most: number): Mark[] {
  for (const step of MONTH_STEPS) {
    const found = monthsBetween(scale, step);
    if (found.length <= most) return found;
  }
  return [];
}

function monthsBetween(scale: Scale, step: number): Mark[] {
  const first = new Date(scale.from);
  const found: Mark[] = [];
  let month = first.getUTCFullYear() * 12 + first.getUTCMonth();
  month = Math.ceil(month / step) * step;
  for (; ; month += step) {
    const day = `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, "0")}-01`;
    const at = scale.at(day);
    if (at > 1) return found;
    if (at >= 0) found.push({ day, at });
  }
}
