// Numbers of measures as text, with the decimals that their unit deserves.

import { formatNumber } from "../kit/formats";

/** Ratios and correlations deserve a second decimal; lengths and angles one. */
export function decimalsOf(unit: string): 1 | 2 {
  return unit === "1" || unit === "" ? 2 : 1;
}

/** A number as text; signed ones carry their sign. */
export function numberText(value: number, unit: string, signed = false): string {
  const text = formatNumber(value, decimalsOf(unit));
  return signed && value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}
