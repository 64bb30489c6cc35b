import { Button, Group, Modal, Progress, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../api/client";
import { formatClock } from "../kit/formats";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages";
import { isAlive, type Job } from "./useJobs";

const words = t.jobs;

/** What a job does now, in plain words. */
export function jobWords(job: Job): string {
  if (job.cancelling) return words.cancelling;
  if (job.state !== "running") return words.state[job.state] ?? job.state;
  const stage = job.stage && (words.stage[job.stage] ?? job.stage.replaceAll("_", " "));
  return stage || (words.state.running ?? job.state);
}

/**
 * How far a job is, when it will be ready, why it failed and what to do; cancels and retries.
 *
 * `mayControl`: `useMay()("analysis:control")`, and the place itself can still be changed.
 */
export function JobProgress({ job, mayControl }: { job: Job; mayControl: boolean }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const alive = isAlive(job);
  const broken = ["failed", "parked", "cancelled"].includes(job.state);
  const act = async (path: "/api/v1/jobs/{job_id}/cancel" | "/api/v1/jobs/{job_id}/retry") => {
    setBusy(true);
    setError(null);
    try {
      await api.POST(path, { params: { path: { job_id: job.id } } });
      setAsking(false);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
      client.invalidateQueries({ queryKey: ["get", "/api/v1/jobs"] });
      client.invalidateQueries({ queryKey: ["get", "/api/v1/jobs/{job_id}"] });
    }
  };
  return (
    <Stack gap={4} data-testid="job">
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text size="sm" role="status">
          <b>{job.title}</b>: {jobWords(job)}
          {alive && job.eta_s !== null && (
            <span className="numbers">, {words.eta(formatClock(job.eta_s))}</span>
          )}
          {alive && job.attempt > 1 && (
            <Text span size="xs" c="dimmed">
              {` · ${words.attempt(job.attempt, job.max_attempts)}`}
            </Text>
          )}
        </Text>
        {mayControl && alive && !job.cancelling && (
          <Button
            size="compact-xs"
            variant="subtle"
            flex="none"
            aria-label={`${words.cancel}: ${job.title}`}
            onClick={() => setAsking(true)}
          >
            {words.cancel}
          </Button>
        )}
        {mayControl && broken && (
          <Button
            size="compact-xs"
            variant="default"
            flex="none"
            loading={busy}
            aria-label={`${words.retry}: ${job.title}`}
            onClick={() => act("/api/v1/jobs/{job_id}/retry")}
          >
            {words.retry}
          </Button>
        )}
      </Group>
      {alive && <Progress size="sm" value={100 * job.progress} aria-label={job.title} />}
      {broken && job.reason && <Text size="sm">{job.reason}</Text>}
      {broken && (job.next_step || job.state === "parked") && (
        <Text size="sm" c="dimmed">
          {job.next_step ?? words.parkedNext}
        </Text>
      )}
      {error !== null && !asking && <ProblemNotice error={error} />}
      <Modal opened={asking} onClose={() => setAsking(false)} title={words.cancelTitle}>
        <Stack>
          <Text size="sm">{words.cancelText}</Text>
          {error !== null && <ProblemNotice error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setAsking(false)}>
              {words.keep}
            </Button>
            <Button loading={busy} onClick={() => act("/api/v1/jobs/{job_id}/cancel")}>
              {words.cancelConfirm}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Stack>
  );
}
