// Which trends there are, and which of them a person wants to see first.

import type { Schemas } from "../api/client";
import { t } from "../messages/all";
import { TARGETS } from "../takes/timeline";

export type TrendKey = Schemas["TrendKey"];

// Of a pair of sides, these are told apart in one chart.
const PAIRS: Record<string, readonly string[]> = {
  affected: ["affected", "healthy"],
  healthy: ["affected", "healthy"],
  left: ["left", "right"],
  right: ["left", "right"],
};

export function sameKey(a: TrendKey, b: Partial<TrendKey>): boolean {
  return (["movement", "measure", "side", "region"] as const).every(
    (part) => b[part] === undefined || a[part] === b[part],
  );
}

/** The measure that a movement aims at; of closures the smallest gap. */
function targetOf(movement: string): string | undefined {
  const target = TARGETS[movement];
  return target === "lid_gap" ? "lid_gap_min" : target;
}

/** Every measure that some movement aims at. */
export const TARGET_MEASURES: readonly string[] = [
  ...new Set(Object.keys(TARGETS).flatMap((movement) => targetOf(movement) ?? [])),
];

export function isTarget(key: { movement: string; measure: string }): boolean {
  return key.measure === targetOf(key.movement);
}

/** One key per movement: its target, on the affected side where the record tells it. */
export function overviewKeys(keys: readonly TrendKey[]): TrendKey[] {
  const rank = (key: TrendKey) => ["affected", "left", "both", "midline"].indexOf(key.side);
  const best = new Map<string, TrendKey>();
  for (const key of keys) {
    if (!isTarget(key) || rank(key) < 0) continue;
    const held = best.get(key.movement);
    if (!held || rank(key) < rank(held)) best.set(key.movement, key);
  }
  const protocol = Object.keys(t.clinical.movements);
  return [...best.values()].sort(
    (a, b) => protocol.indexOf(a.movement) - protocol.indexOf(b.movement),
  );
}

/** The key and its other side, when there is one. */
export function withOtherSide(key: TrendKey, keys: readonly TrendKey[]): TrendKey[] {
  const sides = PAIRS[key.side] ?? [key.side];
  return sides.flatMap(
    (side) =>
      keys.find((other) =>
        sameKey(other, { ...key, side: side as TrendKey["side"], visits: undefined }),
      ) ?? [],
  );
}

/** What differs among keys in one part, in the order of their first appearance. */
export function valuesOf(
  keys: readonly TrendKey[],
  part: "movement" | "measure" | "side" | "region",
): string[] {
  return [...new Set(keys.map((key) => key[part]))];
}

/** The nearest key to a wish: parts are given up from the last to the first. */
export function nearestKey(keys: readonly TrendKey[], wish: Partial<TrendKey>): TrendKey | null {
  const parts = ["movement", "measure", "region", "side"] as const;
  for (let kept = parts.length; kept >= 0; kept--) {
    const wanted = Object.fromEntries(parts.slice(0, kept).map((part) => [part, wish[part]]));
    const found =
      keys.filter((key) => sameKey(key, wanted)).find(isTarget) ??
      keys.find((key) => sameKey(key, wanted));
    if (found) return found;
  }
  return null;
}
