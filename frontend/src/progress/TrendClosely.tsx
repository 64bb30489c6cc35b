// One measure over all visits: chosen by hand, charted large, and told in words and numbers.

import { Alert, Anchor, Group, NativeSelect, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { t } from "../messages/all";
import { measureName, unitName } from "../messages/en/clinical";
import { ChangeVerdict, Difference } from "./estimates";
import { nearestKey, type TrendKey, valuesOf, withOtherSide } from "./keys";
import { numberText } from "./numbers";
import { TrendTable } from "./TrendTable";
import type { Trend } from "./trendLines";
import { useTrends } from "./useTrends";

const TrendChart = lazy(() =>
  import("./TrendChart").then((module) => ({ default: module.TrendChart })),
);

// As in the chart: the side that was chosen, and the other one.
const LINES = ["light-dark(#0b5cad, #7cc0ff)", "light-dark(#b45309, #fbb066)"];
const HEIGHT_PX = 320;

export function TrendClosely({
  patientId,
  keys,
  chosen,
  onChoose,
}: {
  patientId: string;
  keys: TrendKey[];
  chosen: TrendKey;
  onChoose: (key: TrendKey) => void;
}) {
  const sides = useMemo(() => withOtherSide(chosen, keys), [chosen, keys]);
  const { trends, error, isPending, refetch } = useTrends(patientId, sides);
  const ofMovement = keys.filter((key) => key.movement === chosen.movement);
  const ofMeasure = ofMovement.filter((key) => key.measure === chosen.measure);
  const ofRegion = ofMeasure.filter((key) => key.region === chosen.region);
  const select = (
    label: string,
    part: "movement" | "measure" | "side" | "region",
    among: TrendKey[],
    name: (value: string) => string,
  ) => (
    <NativeSelect
      label={label}
      value={chosen[part]}
      data={valuesOf(among, part).map((value) => ({ value, label: name(value) }))}
      onChange={(event) => {
        // Another movement aims at something else: its own target is looked at first.
        const value = event.currentTarget.value;
        const wish = part === "movement" ? { movement: value } : { ...chosen, [part]: value };
        const found = nearestKey(keys, wish as Partial<TrendKey>);
        if (found) onChoose(found);
      }}
    />
  );
  return (
    <Stack gap="sm">
      <Title order={2} size="h4">
        {t.progress.oneMeasure}
      </Title>
      <Group align="flex-end" gap="sm">
        {select(t.progress.movement, "movement", keys, (v) => t.clinical.movements[v] ?? v)}
        {select(t.progress.measure, "measure", ofMovement, measureName)}
        {select(t.progress.region, "region", ofMeasure, (v) => t.clinical.regions[v] ?? v)}
        {select(t.progress.side, "side", ofRegion, (v) => t.clinical.sides[v] ?? v)}
      </Group>
      {error ? (
        <ProblemNotice error={error} onRetry={refetch} />
      ) : isPending ? (
        <Loading />
      ) : (
        <Large trends={trends} side={chosen.side} />
      )}
    </Stack>
  );
}

function Large({ trends, side }: { trends: Trend[]; side: string }) {
  const index = Math.max(
    0,
    trends.findIndex((trend) => trend.side === side),
  );
  const main = trends[index];
  if (!main) return null;
  const name = `${measureName(main.measure)}, ${t.clinical.movements[main.movement] ?? main.movement}`;
  return (
    <Stack gap="sm">
      <Group gap="lg">
        {trends.map((trend, i) => (
          <Group key={trend.side} gap={6}>
            <svg width="26" height="6" aria-hidden>
              <line
                x1="0"
                x2="26"
                y1="3"
                y2="3"
                strokeWidth="2"
                style={{ stroke: LINES[i === index ? 0 : 1] }}
                strokeDasharray={i === index ? undefined : "6 3"}
              />
            </svg>
            <Text size="sm">{t.clinical.sides[trend.side]}</Text>
          </Group>
        ))}
        <Text size="xs" c="dimmed">
          {t.progress.whiskers}
        </Text>
      </Group>
      <Suspense fallback={<Loading />}>
        <TrendChart
          trends={trends}
          chosen={index}
          height={HEIGHT_PX}
          label={t.progress.chart(name)}
        />
      </Suspense>
      <ReferenceWords trend={main} />
      <OtherModels trend={main} />
      {trends.map(
        (trend) =>
          trend.change && (
            <Text key={trend.side} size="sm">
              {t.progress.firstToLast}, {t.clinical.sides[trend.side]}:{" "}
              <Difference change={trend.change} /> · <ChangeVerdict change={trend.change} />
            </Text>
          ),
      )}
      <TrendTable trends={trends} />
    </Stack>
  );
}

/** What the lines of the chart are, with their sources. */
function ReferenceWords({ trend }: { trend: Trend }) {
  const size = (value: number) => `${numberText(value, trend.unit)} ${unitName(trend.unit)}`.trim();
  return (
    <Stack gap={2}>
      <Text size="sm" c="dimmed">
        {trend.mdc95
          ? t.progress.measurable(size(trend.mdc95.value), trend.mdc95.source)
          : t.progress.noMeasurable}
      </Text>
      <Text size="sm" c="dimmed">
        {trend.perception
          ? t.progress.visible(size(trend.perception.value), trend.perception.source)
          : t.progress.noVisible}
      </Text>
    </Stack>
  );
}

/** Where visits were measured with another model, the way to measure them alike. */
function OtherModels({ trend }: { trend: Trend }) {
  const other = trend.points.find((point) => !point.comparable);
  const latest = trend.points.findLast((point) => point.comparable);
  if (!trend.rerun_offered || !other || !latest) return null;
  return (
    <Alert color="orange" variant="light" title={t.progress.otherModels}>
      <Text size="sm">
        {t.progress.otherModelsText}{" "}
        <Anchor
          size="sm"
          renderRoot={(props) => (
            <Link
              {...props}
              to="/compare"
              search={{
                before: other.visit.id,
                after: latest.visit.id,
                movement: trend.movement,
              }}
            />
          )}
        >
          {t.progress.otherModelsNext}
        </Anchor>
      </Text>
    </Alert>
  );
}
