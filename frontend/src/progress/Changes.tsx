// The numbers of one movement in two visits: what changed, by how much, and whether one can tell.

import { Group, Stack, Switch, Text, TextInput, Title } from "@mantine/core";
import { useMemo, useState } from "react";
import { IconSearch } from "../kit/icons";
import { ProblemNotice } from "../kit/Problem";
import { Empty, Loading } from "../kit/States";
import { t } from "../messages/all";
import { measureName } from "../messages/en/clinical";
import { ChangeTable } from "./ChangeTable";
import { counted, inOrder, withoutDoubles } from "./changeRows";
import { isTarget } from "./keys";
import { useChanges } from "./useChanges";

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
  const [words, setWords] = useState("");
  const { data, error, isPending, refetch } = useChanges(before, after, [movement]);
  const all = useMemo(() => inOrder(withoutDoubles(data ?? [])), [data]);
  const counts = counted(all);
  const typed = words.trim().toLowerCase();
  // What is looked for by name is found wherever it stands.
  const shown = all.filter(
    (change) =>
      (typed !== "" || !targets || isTarget(change)) &&
      (!larger || change.verdict === "yes") &&
      `${measureName(change.measure)} ${t.clinical.regions[change.region]}`
        .toLowerCase()
        .includes(typed),
  );
  return (
    <Stack gap="xs">
      <Group justify="space-between" align="flex-end">
        <Stack gap={0}>
          <Title order={2} size="h4">
            {t.progress.changesOf(t.clinical.movements[movement] ?? movement)}
          </Title>
          {data && (
            <Text size="xs" c="dimmed">
              {t.progress.counts(counts.yes, counts.no, counts.unknown)}
            </Text>
          )}
        </Stack>
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
          <TextInput
            size="xs"
            aria-label={t.progress.findMeasure}
            placeholder={t.progress.findMeasure}
            leftSection={<IconSearch size={14} aria-hidden />}
            value={words}
            onChange={(event) => setWords(event.currentTarget.value)}
          />
        </Group>
      </Group>
      {error ? (
        <ProblemNotice error={error} onRetry={() => refetch()} />
      ) : isPending ? (
        <Loading />
      ) : shown.length === 0 ? (
        <Empty title={t.progress.noChanges} text={t.progress.noChangesText} />
      ) : (
        <ChangeTable label={t.progress.changes} changes={shown} />
      )}
    </Stack>
  );
}
