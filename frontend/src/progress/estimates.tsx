// Numbers with their intervals, and verdicts in the product's words.

import { Text, Tooltip } from "@mantine/core";
import type { Schemas } from "../api/client";
import { formatDay } from "../kit/formats";
import { t } from "../messages/all";
import { unitName } from "../messages/en/clinical";
import { numberText } from "./numbers";

export type Change = Schemas["ChangeRead"];
type Estimate = Pick<Schemas["EstimateRead"], "value" | "ci_lo" | "ci_hi" | "reason">;

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
        <Text span size="sm" tabIndex={0}>
          {t.app.undetermined}
          <Text span size="xs" c="dimmed">
            {` ${reason || t.progress.undetermined}`}
          </Text>
        </Text>
      </Tooltip>
    );
  }
  return (
    <Text span size="sm" className="numbers" style={{ whiteSpace: "nowrap" }}>
      {`${numberText(value, unit, signed)} ${unitName(unit)}`.trim()}
      {ci_lo !== null && ci_hi !== null && (
        <Text span size="xs" c="dimmed">
          {` [${numberText(ci_lo, unit, signed)}, ${numberText(ci_hi, unit, signed)}]`}
        </Text>
      )}
    </Text>
  );
}

/** After minus before, with its interval. */
export function Difference({ change }: { change: Change }) {
  const { difference: value, ci_lo, ci_hi, reason } = change;
  return <Value estimate={{ value, ci_lo, ci_hi, reason }} unit={change.unit} signed />;
}

/**
 * Whether a change is larger than the measurement error, which one that is and where it is from,
 * or why that can't be told; never whether it is good.
 */
export function ChangeVerdict({ change }: { change: Change }) {
  const behind =
    change.verdict === "unknown"
      ? change.reason
      : change.mdc95 &&
        t.progress.mdc(
          `${numberText(change.mdc95.value, change.unit)} ${unitName(change.unit)}`.trim(),
          change.mdc95.source,
        );
  return (
    <Text span size="sm" fw={change.verdict === "yes" ? 600 : 400}>
      {t.clinical.changes[change.verdict]}
      {behind && (
        <Text span size="xs" c="dimmed" fw={400}>
          {` · ${behind}`}
        </Text>
      )}
    </Text>
  );
}

/** A visit by its number and day; pseudonymous readers are told the day from the first one. */
export function placeText(place: Schemas["VisitPlace"]): string {
  const day = place.visited_on ? formatDay(place.visited_on) : t.progress.day(place.day);
  return `${t.progress.visit(place.number)}, ${day}`;
}
