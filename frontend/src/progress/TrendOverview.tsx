// The target measure of each movement over all visits, side by side: did the patient move?

import { Anchor, Card, Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { lazy, Suspense } from "react";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { t } from "../messages/all";
import { measureName } from "../messages/en/clinical";
import { Difference } from "./estimates";
import { sameKey, type TrendKey, withOtherSide } from "./keys";
import { useTrends } from "./useTrends";

const TrendChart = lazy(() =>
  import("./TrendChart").then((module) => ({ default: module.TrendChart })),
);

const HEIGHT_PX = 140;

export function TrendOverview({
  patientId,
  keys,
  all,
  chosen,
  onChoose,
}: {
  patientId: string;
  keys: TrendKey[];
  all: TrendKey[];
  chosen: TrendKey;
  onChoose: (key: TrendKey) => void;
}) {
  if (keys.length < 2) return null;
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {t.progress.overview}
      </Title>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm">
        {keys.map((key) => (
          <SmallTrend
            key={key.movement}
            patientId={patientId}
            keys={withOtherSide(key, all)}
            chosen={sameKey(chosen, { movement: key.movement, measure: key.measure })}
            onChoose={() => onChoose(key)}
          />
        ))}
      </SimpleGrid>
    </Stack>
  );
}

function SmallTrend({
  patientId,
  keys,
  chosen,
  onChoose,
}: {
  patientId: string;
  keys: TrendKey[];
  chosen: boolean;
  onChoose: () => void;
}) {
  const { trends, error, isPending, refetch } = useTrends(patientId, keys);
  const [key] = keys;
  const change = trends[0]?.change ?? null;
  if (!key) return null;
  const movement = t.clinical.movements[key.movement] ?? key.movement;
  return (
    <Card
      withBorder
      padding="xs"
      style={chosen ? { outline: "2px solid var(--mantine-primary-color-filled)" } : undefined}
    >
      <Stack gap={4}>
        <Group justify="space-between" wrap="nowrap" align="baseline">
          <Anchor
            component="button"
            type="button"
            size="sm"
            fw={600}
            onClick={onChoose}
            aria-pressed={chosen}
          >
            {movement}
          </Anchor>
          <Text size="xs" c="dimmed" ta="right">
            {measureName(key.measure)}
          </Text>
        </Group>
        {error ? (
          <ProblemNotice error={error} onRetry={refetch} />
        ) : isPending ? (
          <Loading />
        ) : (
          <>
            <Suspense fallback={<Loading />}>
              <TrendChart
                trends={trends}
                height={HEIGHT_PX}
                plain
                label={t.progress.chart(movement)}
              />
            </Suspense>
            <Text size="xs">
              {change ? (
                <>
                  {t.clinical.sides[change.side]} <Difference change={change} />
                  {" · "}
                  <Text span size="xs" fw={change.verdict === "yes" ? 600 : 400}>
                    {t.clinical.changes[change.verdict]}
                  </Text>
                </>
              ) : (
                t.progress.noChangeYet
              )}
            </Text>
          </>
        )}
      </Stack>
    </Card>
  );
}
