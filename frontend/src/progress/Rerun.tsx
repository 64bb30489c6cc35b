// Repeats analyses of different models with the present one, and waits for them.

import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useQueries, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, query } from "../api/client";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages/all";
import { useMay } from "../session/session";

const LOOK_EVERY_MS = 2_000;

export function Rerun({
  before,
  after,
  movements,
}: {
  before: string;
  after: string;
  movements: string[];
}) {
  const may = useMay();
  const client = useQueryClient();
  const [jobIds, setJobIds] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const jobs = useQueries({
    queries: jobIds.map((id) => ({
      ...query.queryOptions("get", "/api/v1/jobs/{job_id}", { params: { path: { job_id: id } } }),
      refetchInterval: LOOK_EVERY_MS,
    })),
  });
  const alive = jobs.filter((job) => !job.data || ["queued", "running"].includes(job.data.state));
  const failed = jobs.some(
    (job) => job.data && ["failed", "parked", "cancelled"].includes(job.data.state),
  );
  const done = jobIds.length > 0 && alive.length === 0;
  useEffect(() => {
    if (!done) return;
    if (!failed) setJobIds([]);
    client.invalidateQueries({ queryKey: ["get", "/api/v1/comparisons"] });
    client.invalidateQueries({ queryKey: ["get", "/api/v1/comparisons/changes"] });
  }, [done, failed, client]);
  const start = async () => {
    setBusy(true);
    setError(null);
    try {
      const { data } = await api.POST("/api/v1/comparisons/rerun", {
        body: { before, after, movements },
      });
      setJobIds(data?.job_ids ?? []);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Alert color="orange" variant="light" title={t.progress.notComparable}>
      <Stack gap="xs">
        <Text size="sm">{t.progress.rerunText}</Text>
        <Text size="sm">{t.progress.rerunSigned}</Text>
        {error !== null && <ProblemNotice error={error} />}
        {done && failed && <Text size="sm">{t.progress.rerunFailed}</Text>}
        <Group>
          {may("analysis:start") && (
            <Button size="xs" onClick={start} loading={busy} disabled={jobIds.length > 0 && !done}>
              {t.progress.rerun}
            </Button>
          )}
          {alive.length > 0 && (
            <Text size="sm" role="status">
              {t.progress.rerunning(alive.length)}
            </Text>
          )}
        </Group>
      </Stack>
    </Alert>
  );
}
