// Trajectories left against right over the take, with the same numbers in a table beside them.

import { Group, NativeSelect, Stack, Table, Text } from "@mantine/core";
import { lazy, Suspense, useMemo, useState, useSyncExternalStore } from "react";
import { formatNumber } from "../kit/formats";
import { Empty, Loading } from "../kit/States";
import { t } from "../messages/all";
import { measureName, unitName } from "../messages/en/clinical";
import type { Player, Series } from "../viewer";
import { frameAt } from "../viewer";
import type { ChartCurve } from "./Chart";
import classes from "./Curves.module.css";
import { type Marks, TARGETS } from "./timeline";

const Chart = lazy(() => import("./Chart").then((module) => ({ default: module.Chart })));

const HALF_95 = 1.959964;

interface Choice {
  key: string;
  measure: string;
  region: string;
  unit: string;
}

export function Curves({
  series,
  marks,
  player,
  wanted,
}: {
  series: Series;
  marks: Marks;
  player: Player;
  /** A region that was asked for elsewhere. */
  wanted: string | null;
}) {
  const choices = useMemo(() => choicesOf(series), [series]);
  const [chosen, setChosen] = useState<string | null>(null);
  const target = TARGETS[series.movement];
  const byRegion = wanted
    ? choices.find((c) => c.region === wanted && c.measure === "region_displacement_raw")
    : undefined;
  const choice =
    choices.find((c) => c.key === chosen) ??
    byRegion ??
    choices.find((c) => c.measure === target) ??
    choices[0];
  const timeS = useMemo(() => [...series.time_s], [series]);
  const curves = useMemo(() => (choice ? curvesOf(series, choice) : []), [series, choice]);
  const moments = useMemo(
    () =>
      marks.repetitions.flatMap((r) => [
        { atS: r.fromS, strong: false },
        { atS: r.peakS, strong: true },
        { atS: r.toS, strong: false },
      ]),
    [marks],
  );
  if (!choice) return <Empty title={t.measures.noCurves} />;
  const name = `${measureName(choice.measure)}, ${t.clinical.regions[choice.region] ?? choice.region}`;
  return (
    <Stack gap="xs">
      <Group justify="space-between" gap="xs">
        <NativeSelect
          size="xs"
          aria-label={t.measures.curve}
          value={choice.key}
          onChange={(event) => setChosen(event.currentTarget.value)}
          data={choices.map((c) => ({
            value: c.key,
            label: `${measureName(c.measure)} · ${t.clinical.regions[c.region] ?? c.region}`,
          }))}
        />
        <Group gap="sm">
          {curves.map((curve) => (
            <span key={curve.label} className={classes.key} data-side={curve.side}>
              {curve.label}
            </span>
          ))}
        </Group>
      </Group>
      <Suspense fallback={<Loading />}>
        <Chart
          timeS={timeS}
          curves={curves}
          unit={unitName(choice.unit)}
          moments={moments}
          player={player}
          label={t.measures.chartOf(name)}
        />
      </Suspense>
      <Text size="xs" c="dimmed">
        {t.measures.asRead}
        {curves.some((curve) => curve.half.length > 0) && ` ${t.measures.band}.`}
      </Text>
      <Moments curves={curves} timeS={timeS} marks={marks} unit={choice.unit} player={player} />
      <details>
        <summary className={classes.summary}>{t.measures.curveAllFrames}</summary>
        <ValuesTable
          curves={curves}
          rows={timeS.map((at, i) => ({ name: "", atS: at, index: i }))}
          unit={choice.unit}
        />
      </details>
    </Stack>
  );
}

/** The values now and at the marked moments; only this part follows the player. */
function Moments({
  curves,
  timeS,
  marks,
  unit,
  player,
}: {
  curves: ChartCurve[];
  timeS: number[];
  marks: Marks;
  unit: string;
  player: Player;
}) {
  const state = useSyncExternalStore(player.subscribe, player.snapshot);
  const at = (name: string, atS: number) => ({ name, atS, index: frameAt(timeS, atS) });
  const rows = [
    at(t.measures.now, state.timeS),
    ...(marks.rest[0] ? [at(t.measures.restMoment, marks.rest[0].fromS)] : []),
    ...marks.repetitions.flatMap((r) => [
      at(t.measures.onset(r.number), r.fromS),
      at(t.measures.peak(r.number), r.peakS),
      at(t.measures.offset(r.number), r.toS),
    ]),
  ];
  return (
    <ValuesTable
      curves={curves}
      rows={rows}
      unit={unit}
      label={t.measures.curveTable}
      onSeek={(atS) => player.seek(atS)}
    />
  );
}

function ValuesTable({
  curves,
  rows,
  unit,
  label,
  onSeek,
}: {
  curves: ChartCurve[];
  rows: { name: string; atS: number; index: number }[];
  unit: string;
  label?: string;
  onSeek?: (atS: number) => void;
}) {
  return (
    <Table className="numbers" fz="xs" verticalSpacing={2} aria-label={label}>
      <Table.Thead>
        <Table.Tr>
          {label && <Table.Th>{t.measures.moment}</Table.Th>}
          <Table.Th ta="right">{`${t.measures.time}, ${t.measures.seconds}`}</Table.Th>
          {curves.map((curve) => (
            <Table.Th key={curve.label} ta="right">
              {[curve.label, unitName(unit)].filter(Boolean).join(", ")}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={`${row.name}-${row.index}`}>
            {label && (
              <Table.Td>
                {onSeek && row.name !== t.measures.now ? (
                  <button type="button" className={classes.jump} onClick={() => onSeek(row.atS)}>
                    {row.name}
                  </button>
                ) : (
                  row.name
                )}
              </Table.Td>
            )}
            <Table.Td ta="right">{formatNumber(row.atS, 2)}</Table.Td>
            {curves.map((curve) => (
              <Table.Td key={curve.label} ta="right">
                <Cell curve={curve} index={row.index} />
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Cell({ curve, index }: { curve: ChartCurve; index: number }) {
  const value = curve.values[index];
  if (value == null) return t.app.undetermined;
  const half = curve.half[index];
  return (
    <>
      {formatNumber(value)}
      {half != null && (
        <Text span size="xs" c="dimmed">
          {` ± ${formatNumber(half)}`}
        </Text>
      )}
    </>
  );
}

function choicesOf(series: Series): Choice[] {
  const found = new Map<string, Choice>();
  for (const { measure, region, unit } of series.curves) {
    const key = `${measure}|${region}`;
    if (!found.has(key)) found.set(key, { key, measure, region, unit });
  }
  return [...found.values()];
}

function curvesOf(series: Series, choice: Choice): ChartCurve[] {
  return series.curves
    .filter((curve) => curve.measure === choice.measure && curve.region === choice.region)
    .map((curve) => ({
      label: t.clinical.sides[curve.side] ?? curve.side,
      side: curve.side,
      values: [...curve.values],
      half: (curve.sd ?? []).map((sd) => (sd === null ? null : HALF_95 * sd)),
    }));
}
