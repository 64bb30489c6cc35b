import { Button, Group, NativeSelect, Stack, Table, Text, TextInput } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { query } from "../api/client";
import { formatInstant } from "../kit/formats";
import { Pager } from "../kit/Pager";
import { ProblemNotice } from "../kit/Problem";
import { Empty, Loading } from "../kit/States";
import { t } from "../messages/all";

const LIMIT = 50;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const NONE = { actor: "", action: "", patient: "", since: "", until: "" };

/** What the service is asked for; what is half typed is left out. */
export function askedFor(filters: typeof NONE): Record<string, string> {
  const asked: Record<string, string> = {};
  if (filters.actor) asked.actor_id = filters.actor;
  if (filters.action.trim()) asked.action = filters.action.trim();
  if (UUID.test(filters.patient.trim())) asked.patient_id = filters.patient.trim();
  if (filters.since) asked.since = new Date(`${filters.since}T00:00:00`).toISOString();
  if (filters.until) asked.until = new Date(`${filters.until}T23:59:59.999`).toISOString();
  return asked;
}

/** The audit log: who did what, and when. */
export function Audit() {
  const [filters, setFilters] = useState(NONE);
  const [offset, setOffset] = useState(0);
  const asked = askedFor(filters);
  const users = query.useQuery("get", "/api/v1/users", { params: { query: { limit: 200 } } });
  const nameOf = (id: string | null) =>
    id === null
      ? t.admin.machine
      : (users.data?.items.find((one) => one.id === id)?.display_name ?? id.slice(0, 8));
  const { data, error, isPending, refetch } = query.useQuery(
    "get",
    "/api/v1/audit",
    { params: { query: { limit: LIMIT, offset, ...asked } } },
    { placeholderData: keepPreviousData },
  );
  const set = (part: Partial<typeof NONE>) => {
    setFilters({ ...filters, ...part });
    setOffset(0);
  };
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {t.admin.auditText}
      </Text>
      <Group align="flex-end" gap="sm">
        <NativeSelect
          label={t.admin.actor}
          value={filters.actor}
          data={[
            { value: "", label: "–" },
            ...(users.data?.items ?? []).map((one) => ({
              value: one.id,
              label: one.display_name,
            })),
          ]}
          onChange={(event) => set({ actor: event.currentTarget.value })}
        />
        <TextInput
          label={t.admin.action}
          placeholder="patient.create"
          value={filters.action}
          onChange={(event) => set({ action: event.currentTarget.value })}
        />
        <TextInput
          label={t.admin.patientId}
          value={filters.patient}
          onChange={(event) => set({ patient: event.currentTarget.value })}
        />
        <TextInput
          label={t.admin.since}
          type="date"
          value={filters.since}
          onChange={(event) => set({ since: event.currentTarget.value })}
        />
        <TextInput
          label={t.admin.until}
          type="date"
          value={filters.until}
          onChange={(event) => set({ until: event.currentTarget.value })}
        />
        <Button variant="subtle" color="gray" onClick={() => set(NONE)}>
          {t.admin.clear}
        </Button>
        <Button
          variant="default"
          component="a"
          href={`/api/v1/audit/export?${new URLSearchParams(asked)}`}
          download
        >
          {t.admin.export}
        </Button>
      </Group>
      {error ? (
        <ProblemNotice error={error} onRetry={() => refetch()} />
      ) : isPending ? (
        <Loading />
      ) : data.items.length === 0 ? (
        <Empty title={t.admin.noAudit} />
      ) : (
        <Table.ScrollContainer minWidth={800}>
          <Table aria-label={t.admin.places.audit}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>#</Table.Th>
                <Table.Th>{t.admin.when}</Table.Th>
                <Table.Th>{t.admin.actor}</Table.Th>
                <Table.Th>{t.admin.action}</Table.Th>
                <Table.Th>{t.admin.object}</Table.Th>
                <Table.Th>{t.admin.patient}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.items.map((entry) => (
                <Table.Tr key={entry.sequence}>
                  <Table.Td className="numbers">{entry.sequence}</Table.Td>
                  <Table.Td>{formatInstant(entry.at)}</Table.Td>
                  <Table.Td>{nameOf(entry.actor_id)}</Table.Td>
                  <Table.Td>{entry.action}</Table.Td>
                  <Table.Td>{`${entry.object_type} ${entry.object_id?.slice(0, 8) ?? ""}`}</Table.Td>
                  <Table.Td>
                    {entry.patient_id && (
                      <Button
                        size="compact-xs"
                        variant="subtle"
                        onClick={() => set({ patient: entry.patient_id ?? "" })}
                      >
                        {entry.patient_id.slice(0, 8)}
                      </Button>
                    )}
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
