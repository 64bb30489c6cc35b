import { Text } from "@mantine/core";
import type { Schemas } from "../api/client";
import { formatNumber } from "../kit/formats";
import { t } from "../messages";
import { unitName } from "../messages/en/clinical";
import styles from "./takes.module.css";

/** A number with its interval in grey; a dash with its reason where it is undetermined. */
export function TargetValue({ measure }: { measure: Schemas["MeasureRead"] | undefined }) {
  if (!measure) return null;
  if (measure.value === null) {
    return (
      <>
        <span className={styles.value}>{t.app.undetermined}</span>
        <Text span className={styles.interval} lineClamp={3}>
          {measure.reason}
        </Text>
      </>
    );
  }
  return (
    <>
      <span className={styles.value}>
        {formatNumber(measure.value)} {unitName(measure.unit)}
      </span>
      {measure.ci_lo !== null && measure.ci_hi !== null && (
        <span className={styles.interval}>
          {t.visits.takes.interval(formatNumber(measure.ci_lo), formatNumber(measure.ci_hi))}
        </span>
      )}
    </>
  );
}
