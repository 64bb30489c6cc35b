import { Button, Group, NumberInput, Stack, Table, Text, Title } from "@mantine/core";
import { useState } from "react";
import { api, ifMatch, query, type Schemas } from "../api/client";
import { formatBytes } from "../kit/formats";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { t } from "../messages/all";
import { useMay } from "../session/session";

/** How much room is taken and left, and how long things are to be kept. */
export function Storage() {
  const may = useMay();
  const { data, error, isPending, refetch } = query.useQuery("get", "/api/v1/admin/storage");
  if (error) return <ProblemNotice error={error} onRetry={() => refetch()} />;
  if (isPending) return <Loading />;
  const totals: [string, number | null][] = [
    [t.admin.total, data.stored_bytes],
    [t.admin.arriving, data.arriving_bytes],
    [t.admin.free, data.free_bytes],
    [t.admin.quota, data.quota_bytes],
  ];
  return (
    <Stack gap="lg">
      <Group gap="xl">
        {totals.map(([label, bytes]) => (
          <Stack key={label} gap={0}>
            <Text size="xs" c="dimmed">
              {label}
            </Text>
            <Text size="lg" fw={600} className="numbers">
              {bytes === null ? t.app.undetermined : formatBytes(bytes)}
            </Text>
          </Stack>
        ))}
      </Group>
      <Table aria-label={t.admin.places.storage} maw={560}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t.admin.storageClass}</Table.Th>
            <Table.Th ta="right">{t.admin.files}</Table.Th>
            <Table.Th ta="right">{t.admin.size}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {data.classes.map((use) => (
            <Table.Tr key={use.name}>
              <Table.Td>{t.admin.classes[use.name] ?? use.name}</Table.Td>
              <Table.Td ta="right" className="numbers">
                {use.files}
              </Table.Td>
              <Table.Td ta="right" className="numbers">
                {formatBytes(use.stored_bytes)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {may("retention:manage") && <Retention />}
    </Stack>
  );
}

function Retention() {
  const { data, error, refetch } = query.useQuery("get", "/api/v1/admin/retention");
  if (error) return <ProblemNotice error={error} onRetry={() => refetch()} />;
  if (!data) return <Loading />;
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {t.admin.retention}
      </Title>
      {data.some((rule) => !rule.enforced) && (
        <Text size="sm" c="dimmed">
          {t.admin.retentionText}
        </Text>
      )}
      {data.map((rule) => (
        <Rule key={`${rule.data_class}-${rule.version}`} rule={rule} onSaved={() => refetch()} />
      ))}
    </Stack>
  );
}

function Rule({ rule, onSaved }: { rule: Schemas["RetentionRead"]; onSaved: () => void }) {
  const [days, setDays] = useState<number | "">(rule.keep_days ?? "");
  const [error, setError] = useState<unknown>(null);
  const save = async (keepDays: number | null) => {
    setError(null);
    try {
      await api.PUT("/api/v1/admin/retention/{data_class}", {
        params: { path: { data_class: rule.data_class }, header: ifMatch(rule.version) },
        body: { keep_days: keepDays },
      });
      onSaved();
    } catch (problem) {
      setError(problem);
    }
  };
  const name = t.admin.classes[rule.data_class] ?? rule.data_class;
  return (
    <Stack gap={4}>
      <Group gap="sm" align="flex-end">
        <NumberInput
          label={`${name}, ${t.admin.keepDays.toLowerCase()}`}
          placeholder={t.admin.forever}
          min={1}
          w={220}
          value={days}
          onChange={(value) => setDays(value === "" ? "" : Number(value))}
        />
        <Button
          variant="default"
          disabled={days === "" || days === rule.keep_days}
          onClick={() => days !== "" && save(days)}
        >
          {t.admin.saveRule}
        </Button>
        {rule.keep_days !== null && (
          <Button variant="subtle" color="gray" onClick={() => save(null)}>
            {t.admin.keepForever}
          </Button>
        )}
      </Group>
      {error !== null && <ProblemNotice error={error} />}
    </Stack>
  );
}
