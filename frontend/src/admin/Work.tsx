import { Alert, Button, Stack, Table, Text, Title } from "@mantine/core";
import { useState } from "react";
import { api, query, type Schemas } from "../api/client";
import { formatInstant } from "../kit/formats";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { t } from "../messages/all";
import { useMay } from "../session/session";

const LOOK_AGAIN_MS = 3_000;

/** What waits, runs or was put aside, who works, and with which models. */
export function Work() {
  const { data, error, isPending, refetch } = query.useQuery(
    "get",
    "/api/v1/admin/queue",
    {},
    { refetchInterval: LOOK_AGAIN_MS },
  );
  if (error) return <ProblemNotice error={error} onRetry={() => refetch()} />;
  if (isPending) return <Loading />;
  return (
    <Stack gap="lg">
      <Stack gap="xs">
        <Title order={2} size="h4">
          {t.admin.workers}
        </Title>
        {!data.workers.some((worker) => worker.alive) && (
          <Alert color="orange" variant="light">
            {t.admin.noWorkers}
          </Alert>
        )}
        <Table aria-label={t.admin.workers}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t.admin.name}</Table.Th>
              <Table.Th>{t.admin.queues}</Table.Th>
              <Table.Th>{t.admin.state}</Table.Th>
              <Table.Th>{t.admin.lastSeen}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.workers.map((worker) => (
              <Table.Tr key={`${worker.name}-${worker.started_at}`}>
                <Table.Td>{worker.name}</Table.Td>
                <Table.Td>{worker.queues.join(", ")}</Table.Td>
                <Table.Td>{worker.alive ? t.admin.alive : t.admin.gone}</Table.Td>
                <Table.Td>{formatInstant(worker.last_seen_at)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Stack>
      <Stack gap="xs">
        <Title order={2} size="h4">
          {t.admin.queue}
        </Title>
        {data.doorbells > 0 && <Text size="sm">{t.admin.doorbells(data.doorbells)}</Text>}
        {data.counts.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t.admin.nothingWaits}
          </Text>
        ) : (
          <Table aria-label={t.admin.queue}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t.admin.kind}</Table.Th>
                <Table.Th>{t.admin.state}</Table.Th>
                <Table.Th>{t.admin.queues}</Table.Th>
                <Table.Th>{t.admin.jobs}</Table.Th>
                <Table.Th>{t.admin.oldest}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.counts.map((count) => (
                <Table.Tr key={`${count.kind}-${count.state}-${count.queue}`}>
                  <Table.Td>{t.admin.kinds[count.kind]}</Table.Td>
                  <Table.Td>{t.admin.jobStates[count.state]}</Table.Td>
                  <Table.Td>{count.queue}</Table.Td>
                  <Table.Td className="numbers">{count.jobs}</Table.Td>
                  <Table.Td>{formatInstant(count.oldest_at)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Stack>
      <PutAside />
      <Models />
    </Stack>
  );
}

/** Jobs that failed or were put aside, with their reasons. */
function PutAside() {
  const may = useMay();
  const [failed, setFailed] = useState<unknown>(null);
  const { data, error, refetch } = query.useQuery(
    "get",
    "/api/v1/jobs",
    { params: { query: { state: ["parked", "failed"], limit: 50 } } },
    { refetchInterval: LOOK_AGAIN_MS },
  );
  const retry = async (job: Schemas["JobRead"]) => {
    setFailed(null);
    try {
      await api.POST("/api/v1/jobs/{job_id}/retry", { params: { path: { job_id: job.id } } });
      await refetch();
    } catch (problem) {
      setFailed(problem);
    }
  };
  if (error) return <ProblemNotice error={error} onRetry={() => refetch()} />;
  if (!data || data.items.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {t.admin.needPeople}
      </Title>
      {failed !== null && <ProblemNotice error={failed} />}
      <Table aria-label={t.admin.needPeople}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t.admin.kind}</Table.Th>
            <Table.Th>{t.admin.state}</Table.Th>
            <Table.Th>{t.admin.reason}</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {data.items.map((job) => (
            <Table.Tr key={job.id}>
              <Table.Td>{t.admin.kinds[job.kind]}</Table.Td>
              <Table.Td>{t.admin.jobStates[job.state]}</Table.Td>
              <Table.Td>
                <Text size="sm">{job.reason}</Text>
                <Text size="xs" c="dimmed">
                  {job.next_step}
                </Text>
              </Table.Td>
              <Table.Td>
                {may("analysis:control") && (
                  <Button size="compact-xs" variant="default" onClick={() => retry(job)}>
                    {t.admin.retry}
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}

function Models() {
  const { data, error, refetch } = query.useQuery("get", "/api/v1/admin/models");
  if (error) return <ProblemNotice error={error} onRetry={() => refetch()} />;
  if (!data || data.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {t.admin.models}
      </Title>
      <Table aria-label={t.admin.models}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t.admin.model}</Table.Th>
            <Table.Th>{t.admin.code}</Table.Th>
            <Table.Th>{t.admin.analyses}</Table.Th>
            <Table.Th>{t.admin.counting}</Table.Th>
            <Table.Th>{t.admin.used}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {data.map((use) => (
            <Table.Tr key={`${use.name}-${use.version}-${use.code_version}`}>
              <Table.Td>{`${use.name} ${use.version}`}</Table.Td>
              <Table.Td>{use.code_version}</Table.Td>
              <Table.Td className="numbers">{use.analyses}</Table.Td>
              <Table.Td className="numbers">{use.counting}</Table.Td>
              <Table.Td>{`${formatInstant(use.first_at)} – ${formatInstant(use.last_at)}`}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}
