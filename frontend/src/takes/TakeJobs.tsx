// The work on a take that is not over, or failed last; it looks again by itself.

import { Alert, Button, Group, Progress, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, query, type Schemas } from "../api/client";
import { formatClock } from "../kit/formats";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages";
import { useMay } from "../session/session";

type Job = Schemas["JobRead"];

const LOOK_AGAIN_MS = 2000;
const ALIVE = ["queued", "running"];

export function TakeJobs({ take, onDone }: { take: Schemas["TakeRead"]; onDone: () => void }) {
  const may = useMay();
  const jobs = query.useQuery(
    "get",
    "/api/v1/jobs",
    { params: { query: { take_id: take.id, limit: 5 } } },
    {
      enabled: may("job:read"),
      refetchInterval: ({ state }) =>
        state.data?.items.some((job) => ALIVE.includes(job.state)) ? LOOK_AGAIN_MS : false,
    },
  );
  const newest = jobs.data?.items[0];
  const alive = newest !== undefined && ALIVE.includes(newest.state);
  const was = useRef(false);
  useEffect(() => {
    if (was.current && !alive) onDone();
    was.current = alive;
  }, [alive, onDone]);
  if (!newest || newest.state === "succeeded") return null;
  return <JobNotice job={newest} />;
}

function JobNotice({ job }: { job: Job }) {
  const may = useMay();
  const client = useQueryClient();
  const [error, setError] = useState<unknown>(null);
  const alive = ALIVE.includes(job.state);
  const act = async (path: "/api/v1/jobs/{job_id}/cancel" | "/api/v1/jobs/{job_id}/retry") => {
    setError(null);
    try {
      await api.POST(path, { params: { path: { job_id: job.id } } });
      await client.invalidateQueries({ queryKey: ["get", "/api/v1/jobs"] });
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <Alert color={alive ? "blue" : "orange"} variant="light" p="xs" role="status">
      <Group justify="space-between" wrap="nowrap" gap="md">
        <div>
          <Text size="sm" fw={600}>
            {job.title}
            <Text span size="sm" fw={400}>
              {` · ${t.measures.jobStates[job.state] ?? job.state}`}
              {job.stage ? ` · ${job.stage.replaceAll("_", " ")}` : ""}
              {alive && job.eta_s !== null ? ` · ${t.measures.eta(formatClock(job.eta_s))}` : ""}
            </Text>
          </Text>
          {job.reason && <Text size="sm">{job.reason}</Text>}
          {job.next_step && <Text size="sm">{job.next_step}</Text>}
        </div>
        {may("analysis:control") && (
          <Button
            size="xs"
            variant="default"
            disabled={job.cancelling}
            onClick={() =>
              act(alive ? "/api/v1/jobs/{job_id}/cancel" : "/api/v1/jobs/{job_id}/retry")
            }
          >
            {alive ? t.app.cancel : t.app.retry}
          </Button>
        )}
      </Group>
      {alive && (
        <Progress
          mt={6}
          size="sm"
          value={100 * job.progress}
          aria-label={job.title}
          animated={job.state === "running"}
        />
      )}
      {error !== null && <ProblemNotice error={error} />}
    </Alert>
  );
}
