// Numbers with their intervals, and verdicts in the product's words.

import { Text, Tooltip } from "@mantine/core";
import type { Schemas } from "../api/client";
import { formatNumber } from "../kit/formats";
import { t } from "../messages/all";
import { unitName } from "../messages/en/clinical";

export type Change = Schemas["ChangeRead"];
type Estimate = Pick<Schemas["EstimateRead"], "value" | "ci_lo" | "ci_hi" | "reason">;

/** Ratios and correlations deserve a second decimal; lengths and angles one. */
export function decimalsOf(unit: string): 1 | 2 {
  return unit === "1" || unit === "" ? 2 : 1;
}

/** A number as text; signed ones carry their sign. */
export function numberText(value: number, unit: string, signed = false): string {
  const text = formatNumber(value, decimalsOf(unit));
  return signed && value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** A value with its interval in grey behind it; a dash with the reason where there is none. */
export function Value({
  estimate,
  unit,
  signed = false,
}: {
  estimate: Estimate;
  unit: string;
  signed?: boolean;
}) {
  const { value, ci_lo, ci_hi, reason } = estimate;
  if (value === null) {
    return (
      <Tooltip label={reason || t.progress.undetermined} multiline maw={320}>
        <Text span size="sm" tabIndex={0} aria-label={`${t.progress.undetermined}: ${reason}`}>
          {t.app.undetermined}
        </Text>
      </Tooltip>
    );
  }
  return (
    <Text span size="sm" className="numbers">
      {numberText(value, unit, signed)} {unitName(unit)}
      {ci_lo !== null && ci_hi !== null && (
        <Text span size="xs" c="dimmed">
          {` [${numberText(ci_lo, unit, signed)}, ${numberText(ci_hi, unit, signed)}]`}
        </Text>
      )}
    </Text>
  );
}

/** Whether a change is larger than the measurement error; never whether it is good. */
export function ChangeVerdict({ change }: { change: Change }) {
  return (
    <Text span size="sm" fw={change.verdict === "yes" ? 600 : 400}>
      {t.clinical.changes[change.verdict]}
      {change.verdict === "unknown" && change.reason && (
        <Text span size="xs" c="dimmed">
          {` · ${change.reason}`}
        </Text>
      )}
    </Text>
  );
}

/** The day of a visit, or for pseudonymous readers its distance from the first one. */
export function placeText(
  place: Schemas["VisitPlace"],
  formatDay: (iso: string) => string,
): string {
  return place.visited_on ? formatDay(place.visited_on) : t.progress.day(place.day);
}
