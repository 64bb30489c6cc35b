import {
  Anchor,
  Box,
  Button,
  Card,
  Group,
  NativeSelect,
  SimpleGrid,
  Stack,
  Table,
  Text,
  Title,
} from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import { api, query, type Schemas } from "../api/client";
import { formatDay } from "../kit/formats";
import { Page } from "../kit/Page";
import { ProblemNotice } from "../kit/Problem";
import { Empty, Loading } from "../kit/States";
import { t } from "../messages/all";
import { measureName, unitName } from "../messages/en/clinical";
import { ChangeVerdict, numberText, placeText, Value } from "./estimates";
import { nearestKey, overviewKeys, sameKey, type TrendKey, valuesOf, withOtherSide } from "./keys";
import type { Trend } from "./TrendChart";

const TrendChart = lazy(() =>
  import("./TrendChart").then((module) => ({ default: module.TrendChart })),
);

// As in the chart: the side that was asked for, and the other one.
const LINES = ["light-dark(#0b5cad, #7cc0ff)", "light-dark(#b45309, #fbb066)"];

const KEYS_AT_ONCE = 200;

/** All measures that have a trend, over as many answers as it takes. */
function useTrendKeys(patientId: string) {
  return useQuery({
    queryKey: ["get", "/api/v1/patients/{patient_id}/trends/keys", patientId, "all"],
    queryFn: async ({ signal }) => {
      const keys: TrendKey[] = [];
      let offset: number | null = 0;
      while (offset !== null) {
        const page: Schemas["Page_TrendKey_"] | undefined = (
          await api.GET("/api/v1/patients/{patient_id}/trends/keys", {
            params: { path: { patient_id: patientId }, query: { limit: KEYS_AT_ONCE, offset } },
            signal,
          })
        ).data;
        keys.push(...(page?.items ?? []));
        offset = page?.next ?? null;
      }
      return keys;
    },
  });
}

/** The trends of some keys, in their order; those that are not there yet are left out. */
function useTrends(patientId: string, keys: TrendKey[]) {
  return useQueries({
    queries: keys.map(({ movement, measure, side, region }) =>
      query.queryOptions("get", "/api/v1/patients/{patient_id}/trends", {
        params: { path: { patient_id: patientId }, query: { movement, measure, side, region } },
      }),
    ),
    combine: (results) => ({
      trends: results.flatMap((result) => result.data ?? []),
      error: results.find((result) => result.error)?.error ?? null,
      isPending: results.some((result) => result.isPending),
    }),
  });
}

/** How measures went over all visits: all targets at a glance, and any one of them closely. */
export function TrendsPage() {
  const { patientId } = useParams({ from: "/signed-in/patients/$patientId/trends" });
  const wish = useSearch({ from: "/signed-in/patients/$patientId/trends" });
  const navigate = useNavigate();
  const patient = query.useQuery("get", "/api/v1/patients/{patient_id}", {
    params: { path: { patient_id: patientId } },
  });
  const found = useTrendKeys(patientId);
  const keys = useMemo(() => found.data ?? [], [found.data]);
  const overview = useMemo(() => overviewKeys(keys), [keys]);
  const chosen = useMemo(
    () => nearestKey(keys, Object.keys(wish).length ? (wish as Partial<TrendKey>) : {}),
    [keys, wish],
  );
  const choose = (key: Partial<TrendKey>) =>
    navigate({
      to: "/patients/$patientId/trends",
      params: { patientId },
      search: {
        movement: key.movement,
        measure: key.measure,
        side: key.side,
        region: key.region,
      },
      replace: true,
      resetScroll: false,
    });
  const error = patient.error ?? found.error;
  return (
    <Page
      title={t.progress.trends}
      subtitle={patient.data?.pseudonym}
      back={{ label: t.progress.toPatient, to: "/patients/$patientId", params: { patientId } }}
      actions={
        <Button
          variant="default"
          component="a"
          href={`/api/v1/patients/${patientId}/measures.csv`}
          download
        >
          {t.progress.csv}
        </Button>
      }
    >
      {error ? (
        <ProblemNotice error={error} onRetry={() => (patient.error ? patient : found).refetch()} />
      ) : found.isPending ? (
        <Loading />
      ) : chosen === null ? (
        <Empty title={t.progress.noTrends} text={t.progress.noTrendsText} />
      ) : (
        <>
          <Overview
            patientId={patientId}
            keys={overview}
            all={keys}
            chosen={chosen}
            onChoose={choose}
          />
          <Closely patientId={patientId} keys={keys} chosen={chosen} onChoose={choose} />
        </>
      )}
    </Page>
  );
}

function Overview({
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
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="sm">
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
  const { trends, error } = useTrends(patientId, keys);
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
          <Text size="xs" c="dimmed">
            {measureName(key.measure)}
          </Text>
        </Group>
        {error ? (
          <ProblemNotice error={error} />
        ) : trends.length === 0 ? (
          <Loading />
        ) : (
          <>
            <Suspense fallback={<Loading />}>
              <TrendChart trends={trends} height={130} plain label={t.progress.chart(movement)} />
            </Suspense>
            {change && (
              <Text size="xs">
                {t.clinical.sides[change.side]}:{" "}
                <Value
                  estimate={{
                    value: change.difference,
                    ci_lo: change.ci_lo,
                    ci_hi: change.ci_hi,
                    reason: change.reason,
                  }}
                  unit={change.unit}
                  signed
                />{" "}
                · {t.clinical.changes[change.verdict]}
              </Text>
            )}
          </>
        )}
      </Stack>
    </Card>
  );
}

function Closely({
  patientId,
  keys,
  chosen,
  onChoose,
}: {
  patientId: string;
  keys: TrendKey[];
  chosen: TrendKey;
  onChoose: (key: Partial<TrendKey>) => void;
}) {
  const sides = useMemo(() => withOtherSide(chosen, keys), [chosen, keys]);
  const { trends, error, isPending } = useTrends(patientId, sides);
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
        const wish = { ...chosen, [part]: event.currentTarget.value };
        const found = nearestKey(keys, wish);
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
        <ProblemNotice error={error} />
      ) : isPending || !trends[0] ? (
        <Loading />
      ) : (
        <Large trends={trends} chosen={chosen} />
      )}
    </Stack>
  );
}

function Large({ trends, chosen }: { trends: Trend[]; chosen: TrendKey }) {
  const main = trends.find((trend) => trend.side === chosen.side) ?? trends[0];
  if (!main) return null;
  const unit = unitName(main.unit);
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
                style={{ stroke: LINES[i] }}
                strokeDasharray={i === 1 ? "6 3" : undefined}
              />
            </svg>
            <Text size="sm">{t.clinical.sides[trend.side]}</Text>
          </Group>
        ))}
      </Group>
      <Suspense fallback={<Loading />}>
        <TrendChart trends={trends} height={300} label={t.progress.chart(name)} />
      </Suspense>
      <Box>
        <Text size="sm" c="dimmed">
          {main.mdc95
            ? t.progress.measurable(
                `${numberText(main.mdc95.value, main.unit)} ${unit}`,
                main.mdc95.source,
              )
            : t.progress.noMeasurable}
        </Text>
        {main.perception && (
          <Text size="sm" c="dimmed">
            {t.progress.visible(
              `${numberText(main.perception.value, main.unit)} ${unit}`,
              main.perception.source,
            )}
          </Text>
        )}
      </Box>
      {trends.map((trend) =>
        trend.change ? (
          <Text key={trend.side} size="sm">
            {t.progress.firstToLast}, {t.clinical.sides[trend.side]}:{" "}
            <Value
              estimate={{
                value: trend.change.difference,
                ci_lo: trend.change.ci_lo,
                ci_hi: trend.change.ci_hi,
                reason: trend.change.reason,
              }}
              unit={trend.unit}
              signed
            />{" "}
            · <ChangeVerdict change={trend.change} />
          </Text>
        ) : null,
      )}
      <TrendTable trends={trends} />
    </Stack>
  );
}

function TrendTable({ trends }: { trends: Trend[] }) {
  const [first] = trends;
  if (!first) return null;
  const rows = trends.flatMap((trend) => trend.points.map((point) => ({ trend, point })));
  rows.sort((a, b) => a.point.visit.day - b.point.visit.day);
  return (
    <Table.ScrollContainer minWidth={640}>
      <Table aria-label={t.progress.visits}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t.progress.visits}</Table.Th>
            <Table.Th>{t.progress.side}</Table.Th>
            <Table.Th>{t.progress.value}</Table.Th>
            <Table.Th>{t.progress.quality}</Table.Th>
            <Table.Th>{t.progress.model}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ trend, point }) => (
            <Table.Tr key={`${point.analysis_id}-${trend.side}`}>
              <Table.Td>
                <Link to="/takes/$takeId" params={{ takeId: point.take_id }}>
                  {t.progress.visit(point.visit.number)}, {placeText(point.visit, formatDay)}
                </Link>
              </Table.Td>
              <Table.Td>{t.clinical.sides[trend.side]}</Table.Td>
              <Table.Td>
                <Value estimate={point} unit={trend.unit} />
              </Table.Td>
              <Table.Td>{t.clinical.verdicts[point.qc]}</Table.Td>
              <Table.Td>
                <Text span size="xs" c="dimmed">
                  {point.model}
                  {!point.comparable && ` · ${t.progress.otherModel}`}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
          {first.events.map((event) => (
            <Table.Tr key={`${event.kind}-${event.day}-${event.title}`}>
              <Table.Td>
                {event.happened_on ? formatDay(event.happened_on) : t.progress.day(event.day)}
              </Table.Td>
              <Table.Td colSpan={4}>
                {t.progress.event}: {event.title || event.kind}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
