import { Button, Group, MultiSelect, Stack, Switch, Table, Text } from "@mantine/core";
import { useState } from "react";
import { api, query, type Schemas } from "../api/client";
import { formatBytes, formatInstant } from "../kit/formats";
import { IconDownload } from "../kit/icons";
import { notify } from "../kit/notify";
import { ProblemNotice } from "../kit/Problem";
import { Empty } from "../kit/States";
import { t } from "../messages";
import { useAction, useRefresh } from "./answers";
import type { PatientRights } from "./reach";
import { Section } from "./Section";

const words = t.patients.exports;
const LOOK_AGAIN_MS = 2_000;

/** What can be taken away of one patient: the table of measures, and archives made on request. */
export function Exports({
  patient,
  rights,
}: {
  patient: Schemas["PatientRead"];
  rights: PatientRights;
}) {
  if (!rights.shows("export:basic") && !rights.shows("export:clinical")) {
    return <Empty title={t.patients.tabs.exports} text={words.hidden} />;
  }
  return (
    <Stack gap="lg" maw={820}>
      {rights.shows("export:basic") && (
        <Section title={words.csv}>
          <Text size="sm">{words.csvText}</Text>
          <Button
            component="a"
            href={`/api/v1/patients/${patient.id}/measures.csv`}
            download
            w="fit-content"
            size="xs"
            variant="default"
            leftSection={<IconDownload size={14} aria-hidden />}
          >
            {words.download}
          </Button>
        </Section>
      )}
      {rights.shows("export:clinical") && <Archives patientId={patient.id} />}
    </Stack>
  );
}

function Archives({ patientId }: { patientId: string }) {
  const refresh = useRefresh();
  const [meshes, setMeshes] = useState(false);
  const [movements, setMovements] = useState<string[]>([]);
  const found = query.useQuery(
    "get",
    "/api/v1/patients/{patient_id}/exports",
    { params: { path: { patient_id: patientId }, query: { limit: 50 } } },
    {
      refetchInterval: ({ state }) =>
        state.data?.items.some((one) => one.state === "queued") ? LOOK_AGAIN_MS : false,
    },
  );
  const start = useAction(async () => {
    await api.POST("/api/v1/patients/{patient_id}/exports", {
      params: { path: { patient_id: patientId } },
      body: { meshes, movements },
    });
    await refresh();
    notify(words.started);
  });
  return (
    <Section title={words.archive}>
      <Text size="sm">{words.archiveText}</Text>
      <Group align="flex-end" gap="sm">
        <MultiSelect
          flex={1}
          label={words.movements}
          placeholder={movements.length === 0 ? words.allMovements : undefined}
          data={Object.entries(t.clinical.movements).map(([value, label]) => ({ value, label }))}
          value={movements}
          onChange={setMovements}
          clearable
        />
        <Switch
          mb={8}
          label={words.withMeshes}
          checked={meshes}
          onChange={(event) => setMeshes(event.currentTarget.checked)}
        />
        <Button loading={start.busy} onClick={() => start.go()}>
          {words.start}
        </Button>
      </Group>
      {start.error !== null && <ProblemNotice error={start.error} />}
      {found.error && <ProblemNotice error={found.error} onRetry={() => found.refetch()} />}
      {found.data && found.data.items.length === 0 && (
        <Text size="sm" c="dimmed">
          {words.none}
        </Text>
      )}
      {found.data && found.data.items.length > 0 && (
        <Table aria-label={words.archive}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.made}</Table.Th>
              <Table.Th>{words.contents}</Table.Th>
              <Table.Th>{words.state}</Table.Th>
              <Table.Th ta="right">{words.size}</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.data.items.map((one) => (
              <Table.Tr key={one.id}>
                <Table.Td className="numbers">{formatInstant(one.created_at)}</Table.Td>
                <Table.Td>
                  {one.wanted.meshes ? words.measuresAndMeshes : words.measuresOnly}
                </Table.Td>
                <Table.Td>
                  {words.states[one.state]}
                  {one.state === "queued" && ` ${Math.round(one.progress * 100)} %`}
                  {one.reason && (
                    <Text size="xs" c="dimmed">
                      {one.reason}
                    </Text>
                  )}
                  {one.state === "ready" && (
                    <Text size="xs" c="dimmed">
                      {words.until(formatInstant(one.expires_at))}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td ta="right" className="numbers">
                  {one.size_bytes === null ? t.app.undetermined : formatBytes(one.size_bytes)}
                </Table.Td>
                <Table.Td ta="right">
                  {one.href && (
                    <a href={one.href} download>
                      {words.file}
                    </a>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Section>
  );
}
