// What the address of the patients' list says: filters, order, page. What was typed never stands in it.

import type { Schemas } from "../api/client";

export type Sort = Schemas["PatientQuery"]["sort"] & string;
export type PatientState = Schemas["PatientState"];
export type Standing = Schemas["ConsentStanding"];

export const PAGE = 50;
export const STATES: PatientState[] = ["active", "void", "merged"];
export const STANDINGS: Standing[] = ["granted", "withdrawn", "missing"];
const SORTS: Sort[] = [
  "pseudonym",
  "-pseudonym",
  "last_visit",
  "-last_visit",
  "created_at",
  "-created_at",
];
const USUAL: Sort = "-last_visit";

export interface Filters {
  state?: PatientState;
  consent?: Standing;
  team?: string;
  sort?: Sort;
  offset?: number;
}

function one<T extends string>(value: unknown, among: readonly T[]): T | undefined {
  return among.find((candidate) => candidate === value);
}

/** The filters in an address; what is not understood is left out, and so is what is usual. */
export function filtersOf(search: Record<string, unknown>): Filters {
  const offset = Number(search.offset);
  const state = one(search.state, STATES);
  const sort = one(search.sort, SORTS);
  return {
    state: state === "active" ? undefined : state,
    consent: one(search.consent, STANDINGS),
    team:
      typeof search.team === "string" && /^[0-9a-f-]{36}$/.test(search.team)
        ? search.team
        : undefined,
    sort: sort === USUAL ? undefined : sort,
    offset: Number.isInteger(offset) && offset > 0 ? offset : undefined,
  };
}

/** What is asked of the service. */
export function queryOf(filters: Filters, typed: string): Schemas["PatientQuery"] {
  return {
    q: typed.trim().slice(0, 200),
    state: filters.state ?? "active",
    care_consent: filters.consent ?? null,
    team_id: filters.team ?? null,
    sort: filters.sort ?? USUAL,
  };
}

/** Whether anything but the order narrows the list. */
export function narrows(filters: Filters, typed: string): boolean {
  return Boolean(filters.state || filters.consent || filters.team || typed.trim());
}

export type Column = "pseudonym" | "last_visit" | "created_at";

/** The order after a click on the head of a column: its usual direction first, then the other. */
export function nextSort(sort: Sort | undefined, column: Column): Sort {
  const first: Sort = column === "pseudonym" ? "pseudonym" : `-${column}`;
  const other: Sort = column === "pseudonym" ? "-pseudonym" : column;
  return (sort ?? USUAL) === first ? other : first;
}

/** How a column is sorted now, in the words of `aria-sort`. */
export function sortedBy(
  sort: Sort | undefined,
  column: Column,
): "ascending" | "descending" | "none" {
  const now = sort ?? USUAL;
  if (now === column) return "ascending";
  return now === `-${column}` ? "descending" : "none";
}
