// What became of the take that was just recorded: quality first, then the analysis.

import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { query, type Schemas } from "../api/client";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { t } from "../messages/all";
import { TakeJobs } from "../takes/TakeJobs";
import { VerdictBadge } from "../takes/Verdict";

const LOOK_AGAIN_MS = 1_500;

type Report = Schemas["QCReport"];

export function Outcome({
  takeId,
  onAgain,
  onNext,
}: {
  takeId: string;
  onAgain: () => void;
  onNext: (() => void) | null;
}) {
  const take = query.useQuery(
    "get",
    "/api/v1/takes/{take_id}",
    { params: { path: { take_id: takeId } } },
    { refetchInterval: ({ state }) => (state.data?.analysis ? false : LOOK_AGAIN_MS) },
  );
  const analysisId = take.data?.analysis?.id;
  const analysis = query.useQuery(
    "get",
    "/api/v1/analyses/{analysis_id}",
    { params: { path: { analysis_id: analysisId ?? "" } } },
    { enabled: analysisId !== undefined },
  );
  if (take.error) return <ProblemNotice error={take.error} onRetry={() => take.refetch()} />;
  if (!take.data) return <Loading />;
  const verdict = take.data.analysis?.verdict ?? take.data.first_verdict;
  const report = analysis.data?.qc ?? (take.data.first_qc as unknown as Report | null);
  return (
    <Stack gap="sm" data-testid="outcome">
      <Group gap="sm">
        <Text fw={600}>{t.capture.quality}</Text>
        {verdict ? (
          <>
            <VerdictBadge verdict={verdict} />
            <Text size="xs" c="dimmed">
              {take.data.analysis ? t.capture.fullVerdict : t.capture.firstVerdict}
            </Text>
          </>
        ) : (
          <Text size="sm" role="status">
            {t.capture.looking}
          </Text>
        )}
      </Group>
      {report && verdict && <Findings report={report} />}
      <TakeJobs take={take.data} onDone={() => take.refetch()} />
      <Group>
        <Button variant={verdict === "rejected" ? "filled" : "default"} onClick={onAgain}>
          {t.capture.again}
        </Button>
        {take.data.analysis && (
          <Button variant="default" component="a" href={`/takes/${takeId}`}>
            {t.capture.openTake}
          </Button>
        )}
        {onNext && (
          <Button variant={verdict === "rejected" ? "default" : "filled"} onClick={onNext}>
            {t.capture.next}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

/** Every finding with what to do about it, worst first. */
function Findings({ report }: { report: Report }) {
  const problems = (report.checks ?? []).filter((check) => check.level !== "ok");
  problems.sort((a, b) => Number(b.level === "reject") - Number(a.level === "reject"));
  if (problems.length === 0) return <Text size="sm">{t.capture.good}</Text>;
  return (
    <Stack gap="xs">
      {problems.map((check) => (
        <Alert
          key={`${check.id}-${check.view}-${check.take}`}
          color={check.level === "reject" ? "orange" : "yellow"}
          variant="light"
          p="xs"
        >
          <Text size="sm" fw={check.level === "reject" ? 600 : 400}>
            {check.view ? `${t.clinical.views[check.view]}: ` : ""}
            {check.reason}
          </Text>
          <Text size="sm">{check.next_step}</Text>
        </Alert>
      ))}
    </Stack>
  );
}
