// The records that a refused creation says it resembles (`possible_duplicate`).

import { ProblemError } from "../api/client";

export interface Duplicate {
  id: string;
  pseudonym: string;
  same: "mrn" | "name_and_birth_year";
}

export interface Resemblance {
  duplicates: Duplicate[];
  /** A record out of reach has this number. */
  elsewhere: boolean;
}

/** What a refusal says about similar records, or null when it is another refusal. */
export function resemblanceOf(error: unknown): Resemblance | null {
  if (!(error instanceof ProblemError) || error.code !== "possible_duplicate") return null;
  const { duplicates, outside_your_teams: elsewhere } = error.extra;
  return {
    duplicates: Array.isArray(duplicates) ? (duplicates as Duplicate[]) : [],
    elsewhere: elsewhere === true,
  };
}
