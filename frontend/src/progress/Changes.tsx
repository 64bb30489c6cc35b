// The numbers of a comparison: what changed, by how much, and whether that can be told.

import { Group, Stack, Switch, Table, Text, Title } from "@mantine/core";
import { useState } from "react";
import { query } from "../api/client";
import { Pager } from "../kit/Pager";
import { ProblemNotice } from "../kit/Problem";
import { Empty, Loading } from "../kit/States";
import { t } from "../messages/all";
import { measureName } from "../messages/en/clinical";
import { type Change, ChangeVerdict, Value } from "./estimates";
import { isTarget } from "./keys";

const LIMIT = 200;

/** Target measures first, then by the size of the change. */
export function inOrder(changes: readonly Change[]): Change[] {
  const size = (change: Change) => Math.abs(change.difference ?? -1);
  return [...changes].sort(
    (a, b) => Number(isTarget(b)) - Number(isTarget(a)) || size(b) - size(a),
  );
}

export function Changes({
  before,
  after,
  movement,
}: {
  before: string;
  after: string;
  movement: string;
}) {
  // Hundreds of measures: those that the movement aims at come first.
  const [targets, setTargets] = useState(true);
  const [larger, setLarger] = useState(false);
  const [offset, setOffset] = useState(0);
  const { data, error, isPending, refetch } = query.useQuery("get", "/api/v1/comparisons/changes", {
    params: { query: { before, after, movement: [movement], limit: LIMIT, offset } },
  });
  const shown = inOrder(data?.items ?? []).filter(
    (change) => (!targets || isTarget(change)) && (!larger || change.verdict === "yes"),
  );
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Title order={2} size="h4">
          {t.progress.changes}
        </Title>
        <Group gap="lg">
          <Switch
            size="xs"
            label={t.progress.targetsOnly}
            checked={targets}
            onChange={(event) => setTargets(event.currentTarget.checked)}
          />
          <Switch
            size="xs"
            label={t.progress.onlyLarger}
            checked={larger}
            onChange={(event) => setLarger(event.currentTarget.checked)}
          />
        </Group>
      </Group>
      {error ? (
        <ProblemNotice error={error} onRetry={() => refetch()} />
      ) : isPending ? (
        <Loading />
      ) : shown.length === 0 ? (
        <Empty title={t.progress.noChanges} />
      ) : (
        <Table.ScrollContainer minWidth={820}>
          <Table aria-label={t.progress.changes}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t.progress.measure}</Table.Th>
                <Table.Th>{t.progress.side}</Table.Th>
                <Table.Th>{t.progress.before}</Table.Th>
                <Table.Th>{t.progress.after}</Table.Th>
                <Table.Th>{t.progress.change}</Table.Th>
                <Table.Th>{t.progress.verdict}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {shown.map((change) => (
                <Table.Tr key={`${change.measure}-${change.region}-${change.side}`}>
                  <Table.Td>
                    <Text span size="sm" fw={isTarget(change) ? 600 : 400}>
                      {measureName(change.measure)}
                    </Text>
                    <Text span size="xs" c="dimmed">
                      {` · ${t.clinical.regions[change.region] ?? change.region}`}
                    </Text>
                  </Table.Td>
                  <Table.Td>{t.clinical.sides[change.side]}</Table.Td>
                  <Table.Td>
                    <Value estimate={change.before} unit={change.unit} />
                  </Table.Td>
                  <Table.Td>
                    <Value estimate={change.after} unit={change.unit} />
                  </Table.Td>
                  <Table.Td>
                    <Value
                      estimate={{
                        value: change.difference,
                        ci_lo: change.ci_lo,
                        ci_hi: change.ci_hi,
                        reason: change.reason,
                      }}
                      unit={change.unit}
                      signed
                    />
                  </Table.Td>
                  <Table.Td>
                    <ChangeVerdict change={change} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      <Pager offset={offset} limit={LIMIT} total={data?.total ?? 0} onOffset={setOffset} />
    </Stack>
  );
}
