// Time laid over time: which frame belongs to a moment, and which moment of one take to another's.

/** The last frame that has begun at a moment, as a video shows it; the first one before all. */
export function frameAt(timeS: readonly number[], moment: number): number {
  let low = 0;
  let high = timeS.length - 1;
  // Clocks of files are rounded; half a millisecond early is on time.
  const wanted = moment + 5e-4;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((timeS[middle] as number) <= wanted) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

/** The usual time between two frames. */
export function frameStep(timeS: readonly number[]): number {
  const steps = timeS.slice(1).map((t, i) => t - (timeS[i] as number));
  steps.sort((a, b) => a - b);
  return steps[steps.length >> 1] ?? 1 / 30;
}

export interface Anchor {
  /** Seconds of one take, and of the other, that belong together. */
  from: number;
  to: number;
}

/** Between two anchors time runs evenly; before the first and after the last as fast as usual. */
export function timeMap(anchors: readonly Anchor[]): (moment: number) => number {
  const sorted = [...anchors].sort((a, b) => a.from - b.from);
  const first = sorted[0];
  const last = sorted[sorted.length - 1];
  if (!first || !last) return (moment) => moment;
  return (moment) => {
    if (moment <= first.from) return first.to + (moment - first.from);
    if (moment >= last.from) return last.to + (moment - last.from);
    const index = sorted.findIndex((anchor) => anchor.from > moment);
    const b = sorted[index] as Anchor;
    const a = sorted[index - 1] as Anchor;
    const share = b.from === a.from ? 0 : (moment - a.from) / (b.from - a.from);
    return a.to + share * (b.to - a.to);
  };
}
