import { Button, Card, Group, Progress, Stack, Switch, Table, Text, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, query } from "../api/client";
import { formatBytes, formatInstant } from "../kit/formats";
import { Page } from "../kit/Page";
import { Pager } from "../kit/Pager";
import { ProblemNotice } from "../kit/Problem";
import { Empty, Loading } from "../kit/States";
import { t } from "../messages/all";
import { VerdictBadge } from "../takes/Verdict";

const LIMIT = 25;
const LOOK_AGAIN_MS = 2_000;

/** Pseudonymous results of patients who consented to research, and archives of them. */
export function ResearchPage() {
  return (
    <Page title={t.research.title}>
      <Exports />
      <Results />
    </Page>
  );
}

function Exports() {
  const client = useQueryClient();
  const [meshes, setMeshes] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const { data, error, refetch } = query.useQuery(
    "get",
    "/api/v1/research-exports",
    { params: { query: { limit: LIMIT } } },
    {
      refetchInterval: ({ state }) =>
        state.data?.items.some((one) => one.state === "queued") ? LOOK_AGAIN_MS : false,
    },
  );
  const request = async () => {
    setBusy(true);
    setFailed(null);
    try {
      await api.POST("/api/v1/research-exports", { body: { meshes, movements: [] } });
      await client.invalidateQueries({ queryKey: ["get", "/api/v1/research-exports"] });
    } catch (problem) {
      setFailed(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card withBorder padding="md">
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t.research.exports}
        </Title>
        <Text size="sm">{t.research.exportText}</Text>
        <Group>
          <Switch
            label={t.research.meshes}
            checked={meshes}
            onChange={(event) => setMeshes(event.currentTarget.checked)}
          />
          <Button onClick={request} loading={busy}>
            {t.research.request}
          </Button>
        </Group>
        {failed !== null && <ProblemNotice error={failed} />}
        {error ? (
          <ProblemNotice error={error} onRetry={() => refetch()} />
        ) : !data ? (
          <Loading />
        ) : data.items.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t.research.noExports}
          </Text>
        ) : (
          <Table.ScrollContainer minWidth={680}>
            <Table aria-label={t.research.exports}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t.research.made}</Table.Th>
                  <Table.Th>{t.research.state}</Table.Th>
                  <Table.Th>{t.research.patients}</Table.Th>
                  <Table.Th>{t.research.size}</Table.Th>
                  <Table.Th>{t.research.until}</Table.Th>
                  <Table.Th />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.items.map((one) => (
                  <Table.Tr key={one.id}>
                    <Table.Td>{formatInstant(one.created_at)}</Table.Td>
                    <Table.Td>
                      {t.research.states[one.state]}
                      {one.reason ? ` · ${one.reason}` : ""}
                      {one.state === "queued" && (
                        <Progress
                          size="xs"
                          value={100 * one.progress}
                          aria-label={t.research.states.queued}
                        />
                      )}
                    </Table.Td>
                    <Table.Td>{one.patients ?? t.app.undetermined}</Table.Td>
                    <Table.Td>
                      {one.size_bytes === null ? t.app.undetermined : formatBytes(one.size_bytes)}
                    </Table.Td>
                    <Table.Td>{formatInstant(one.expires_at)}</Table.Td>
                    <Table.Td>
                      {one.href && one.state === "ready" && (
                        <Button size="compact-xs" component="a" href={one.href} download>
                          {t.research.download}
                        </Button>
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Stack>
    </Card>
  );
}

function Results() {
  const [offset, setOffset] = useState(0);
  const { data, error, isPending, refetch } = query.useQuery("get", "/api/v1/analyses", {
    params: { query: { limit: LIMIT, offset } },
  });
  return (
    <Stack gap="sm">
      <Title order={2} size="h4">
        {t.research.results}
      </Title>
      <Text size="sm" c="dimmed">
        {t.research.resultsText}
      </Text>
      {error ? (
        <ProblemNotice error={error} onRetry={() => refetch()} />
      ) : isPending ? (
        <Loading />
      ) : data.items.length === 0 ? (
        <Empty title={t.research.noResults} text={t.research.noResultsText} />
      ) : (
        <Table aria-label={t.research.results}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t.research.pseudonym}</Table.Th>
              <Table.Th>{t.research.day}</Table.Th>
              <Table.Th>{t.research.movement}</Table.Th>
              <Table.Th>{t.research.quality}</Table.Th>
              <Table.Th>{t.research.model}</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.items.map((one) => (
              <Table.Tr key={one.id}>
                <Table.Td>{one.pseudonym}</Table.Td>
                <Table.Td className="numbers">{one.day}</Table.Td>
                <Table.Td>{t.clinical.movements[one.movement] ?? one.movement}</Table.Td>
                <Table.Td>
                  <VerdictBadge verdict={one.verdict} />
                </Table.Td>
                <Table.Td>
                  <Text size="xs">{one.model}</Text>
                </Table.Td>
                <Table.Td>
                  <Link
                    to="/takes/$takeId"
                    params={{ takeId: one.take_id }}
                    search={{ analysis: one.id }}
                  >
                    {t.research.open}
                  </Link>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <Pager offset={offset} limit={LIMIT} total={data?.total ?? 0} onOffset={setOffset} />
    </Stack>
  );
}
