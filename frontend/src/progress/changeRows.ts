// Which changes are shown and in which order; no drawing.

import type { Change } from "./estimates";
import { isTarget } from "./keys";

// Sizes of unlike units can't be ordered against each other, so each kind is by itself.
const UNITS = ["mm", "deg", "%", "mm/s", "s", "1"];
const SIDES = ["affected", "healthy", "left", "right", "both", "midline"];

const place = (order: readonly string[], value: string) => {
  const found = order.indexOf(value);
  return found < 0 ? order.length : found;
};

/** Target measures first, side by side; then by unit, in each the largest change first. */
export function inOrder(changes: readonly Change[]): Change[] {
  const size = (change: Change) => Math.abs(change.difference ?? -1);
  return [...changes].sort((a, b) => {
    const targets = Number(isTarget(b)) - Number(isTarget(a));
    if (targets !== 0) return targets;
    if (isTarget(a)) return place(SIDES, a.side) - place(SIDES, b.side);
    return place(UNITS, a.unit) - place(UNITS, b.unit) || size(b) - size(a);
  });
}

/**
 * The sides that tell most: affected and healthy where the record knows them, since left and right
 * would say the same again.
 */
export function withoutDoubles(changes: readonly Change[]): Change[] {
  const key = ({ movement, measure, region }: Change) => `${movement} ${measure} ${region}`;
  const told = new Set(
    changes.filter(({ side }) => side === "affected" || side === "healthy").map(key),
  );
  return changes.filter(
    (change) => !(["left", "right"].includes(change.side) && told.has(key(change))),
  );
}

/** Where the differences of a list fall against the measurement error, to sum it up. */
export function counted(changes: readonly Change[]): Record<Change["verdict"], number> {
  const counts = { yes: 0, no: 0, unknown: 0 };
  for (const { verdict } of changes) counts[verdict] += 1;
  return counts;
}
