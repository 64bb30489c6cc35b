// Form and meaning of the fields of a patient's record, as the service wants them.

import type { Schemas } from "../api/client";
import { t } from "../messages";

export type Sex = Schemas["Sex"];
export const SEXES: Sex[] = ["female", "male", "other", "unknown"];

/** Words of a field, or null when nothing stands in it. */
export function filled(text: string): string | null {
  return text.trim() || null;
}

/** What is wrong with a pseudonym; an empty one is drawn. */
export function pseudonymTrouble(text: string, needed: boolean): string | undefined {
  if (!text.trim()) return needed ? t.patients.fields.pseudonymForm : undefined;
  return /^[A-Za-z0-9][A-Za-z0-9.-]{1,31}$/.test(text.trim())
    ? undefined
    : t.patients.fields.pseudonymForm;
}

/** What is wrong with a year of birth; it may be left out. */
export function birthYearTrouble(text: string, thisYear: number): string | undefined {
  if (!text.trim()) return undefined;
  const year = Number(text);
  return /^\d{4}$/.test(text.trim()) && year >= 1880 && year <= thisYear
    ? undefined
    : t.patients.fields.birthYearForm;
}
