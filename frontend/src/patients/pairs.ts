// Which two visits are compared.

interface Visit {
  id: string;
  visited_on: string;
  started_at: string;
  voided_at: string | null;
}

/** The two chosen visits, or the first and the last one when none is chosen; in the order of time. */
export function pairToCompare(
  visits: Visit[],
  chosen: string[],
): { before: string; after: string } | null {
  const inOrder = visits
    .filter((visit) => visit.voided_at === null)
    .sort(
      (a, b) =>
        a.visited_on.localeCompare(b.visited_on) || a.started_at.localeCompare(b.started_at),
    );
  const meant =
    chosen.length === 0
      ? [inOrder.at(0), inOrder.at(-1)]
      : inOrder.filter((visit) => chosen.includes(visit.id));
  const [before, after] = meant;
  if (!before || !after || before.id === after.id) return null;
  return { before: before.id, after: after.id };
}
