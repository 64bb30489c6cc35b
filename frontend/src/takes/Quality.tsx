// What quality control found, worst first, with reasons and what to do.

import { Box, Group, Stack, Table, Text } from "@mantine/core";
import type { Schemas } from "../api/client";
import { formatClock } from "../kit/formats";
import { t } from "../messages/all";
import classes from "./Quality.module.css";
import type { Analysis } from "./timeline";
import { VerdictBadge } from "./Verdict";

type Report = Schemas["QCReport"];
type Check = Schemas["QCCheck"];

export function Quality({
  analysis,
  onSeek,
}: {
  analysis: Analysis;
  onSeek: (timeS: number) => void;
}) {
  return <QualityReport report={analysis.qc} verdict={analysis.verdict} onSeek={onSeek} />;
}

/** The first verdict on a take that is not analysed yet. */
export function QualityOfTake({ take }: { take: Schemas["TakeRead"] }) {
  if (!take.first_qc || !take.first_verdict) return null;
  return (
    <Stack gap="xs" maw={760}>
      <Text size="sm" c="dimmed">
        {t.viewer.firstVerdictText}
      </Text>
      <QualityReport report={take.first_qc as unknown as Report} verdict={take.first_verdict} />
    </Stack>
  );
}

function QualityReport({
  report,
  verdict,
  onSeek,
}: {
  report: Report;
  verdict: string;
  onSeek?: (timeS: number) => void;
}) {
  const problems = (report.checks ?? []).filter((check) => check.level !== "ok");
  const passed = (report.checks ?? []).filter((check) => check.level === "ok");
  return (
    <Stack gap="sm" data-testid="quality">
      <Group gap="xs">
        <Text size="sm" fw={600}>
          {t.viewer.verdict}
        </Text>
        <VerdictBadge verdict={verdict} />
      </Group>
      {problems.length === 0 && <Text size="sm">{t.viewer.allGood}</Text>}
      <ul className={classes.list}>
        {grouped(problems).map(({ key, views, check }) => (
          <li key={key} className={classes.problem} data-level={check.level}>
            <Text size="sm">{check.reason}</Text>
            <Text size="xs" c="dimmed">
              {views.map((view) => t.clinical.views[view] ?? view).join(", ") ||
                t.viewer.wholeRecording}
            </Text>
            <Text size="xs">{check.next_step}</Text>
          </li>
        ))}
      </ul>
      <Box>
        <Text size="sm" fw={600}>
          {t.viewer.excludedFrames}
        </Text>
        {(report.excluded ?? []).length === 0 ? (
          <Text size="xs" c="dimmed">
            {t.viewer.noExcluded}
          </Text>
        ) : (
          (report.excluded ?? []).map((span) => (
            <Text key={span.first} size="xs">
              {onSeek ? (
                <button type="button" className={classes.jump} onClick={() => onSeek(span.start_s)}>
                  {`${formatClock(span.start_s, true)}–${formatClock(span.end_s, true)}`}
                </button>
              ) : (
                `${formatClock(span.start_s, true)}–${formatClock(span.end_s, true)}`
              )}
              {` ${span.reason}`}
            </Text>
          ))
        )}
      </Box>
      {passed.length > 0 && (
        <details>
          <summary className={classes.summary}>{t.viewer.otherChecks(passed.length)}</summary>
          <Table verticalSpacing={2} fz="xs" className="numbers">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t.viewer.check}</Table.Th>
                <Table.Th>{t.viewer.camera}</Table.Th>
                <Table.Th ta="right">{t.viewer.value}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {passed.map((check) => (
                <Table.Tr key={`${check.id}-${check.view}-${check.take}`}>
                  <Table.Td>
                    {t.measures.checks[check.id] ?? check.id.replaceAll("_", " ")}
                  </Table.Td>
                  <Table.Td>{check.view ? t.clinical.views[check.view] : ""}</Table.Td>
                  <Table.Td ta="right">{readingOf(check)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </details>
      )}
    </Stack>
  );
}

/** The same finding in several cameras is told once. */
function grouped(checks: readonly Check[]): { key: string; views: string[]; check: Check }[] {
  const found = new Map<string, { key: string; views: string[]; check: Check }>();
  for (const check of checks) {
    const key = `${check.id}|${check.reason}`;
    const here = found.get(key) ?? { key, views: [], check };
    if (check.view) here.views.push(check.view);
    found.set(key, here);
  }
  return [...found.values()];
}

function readingOf(check: Check): string {
  if (check.value === null || check.value === undefined) return "";
  const value = Number(check.value.toPrecision(3));
  const unit = (check.unit ?? "").replace(/[{}]/g, "");
  return unit === "1" || unit === "" ? String(value) : `${value} ${unit}`;
}
