// The parts of a patient's page, each with its own address (`?tab=`).

export const TABS = ["overview", "consents", "person", "exports", "history"] as const;
export type Tab = (typeof TABS)[number];

/** The part that an address names; the overview needs no name. */
export function placeOf(search: Record<string, unknown>): { tab?: Tab } {
  const tab = TABS.find((candidate) => candidate === search.tab);
  return tab && tab !== "overview" ? { tab } : {};
}
