// The table of measures: left, right, difference and ratio with intervals; a click goes to the moment.

import {
  Badge,
  Box,
  Button,
  Checkbox,
  Group,
  NativeSelect,
  Stack,
  Table,
  Text,
  TextInput,
  Tooltip,
} from "@mantine/core";
import { useMemo, useState } from "react";
import { formatNumber } from "../kit/formats";
import { ProblemNotice } from "../kit/Problem";
import { Empty, Loading } from "../kit/States";
import { t } from "../messages/all";
import { measureName, unitName } from "../messages/en/clinical";
import classes from "./MeasuresPanel.module.css";
import {
  type Difference,
  decimalsOf,
  type Line,
  linesOf,
  type Measure,
  type Group as Section,
  type SortColumn,
  sorted,
} from "./measureRows";
import type { Analysis } from "./timeline";
import { useMeasures } from "./useMeasures";

export interface Jump {
  movement: string;
  takeId: string;
  region: string;
  side: "left" | "right" | "both";
  moment: "rest" | "peak";
  repetition: number | null;
}

export function MeasuresPanel({
  analysis,
  onJump,
}: {
  analysis: Analysis;
  onJump: (jump: Jump) => void;
}) {
  const [scope, setScope] = useState<"take" | "visit">("take");
  const [repetition, setRepetition] = useState<number | null>(null);
  const [words, setWords] = useState("");
  const [region, setRegion] = useState("");
  const [determined, setDetermined] = useState(false);
  const [sort, setSort] = useState<SortColumn>("order");
  const ofTake = useMeasures({ analysisId: analysis.id }, { level: "all" });
  const ofVisit = useMeasures(
    { visitId: analysis.visit_id },
    { level: "movement", enabled: scope === "visit" },
  );
  const asked = scope === "take" ? ofTake : ofVisit;
  const measures = asked.data;
  const repetitions = useMemo(
    () =>
      [...new Set((ofTake.data ?? []).flatMap((m) => m.repetition ?? []))].sort((a, b) => a - b),
    [ofTake.data],
  );
  const lines = useMemo(
    () => linesOf(measures ?? [], scope === "take" ? repetition : null),
    [measures, repetition, scope],
  );
  const regions = useMemo(() => [...new Set(lines.map((line) => line.region))].sort(), [lines]);
  const shown = useMemo(() => {
    const wanted = words.trim().toLowerCase();
    const fitting = lines.filter(
      (line) =>
        (!region || line.region === region) &&
        (!determined || isDetermined(line)) &&
        (!wanted ||
          `${measureName(line.measure)} ${t.clinical.regions[line.region] ?? ""} ${
            t.clinical.movements[line.movement] ?? ""
          }`
            .toLowerCase()
            .includes(wanted)),
    );
    return sorted(fitting, sort);
  }, [lines, words, region, determined, sort]);

  return (
    <Stack gap="xs">
      <Group gap={6} align="center">
        <Button.Group aria-label={t.measures.scope}>
          {(["take", "visit"] as const).map((one) => (
            <Button
              key={one}
              size="compact-xs"
              variant={scope === one ? "filled" : "default"}
              aria-pressed={scope === one}
              onClick={() => setScope(one)}
            >
              {one === "take" ? t.measures.thisTake : t.measures.wholeVisit}
            </Button>
          ))}
        </Button.Group>
        {scope === "take" && repetitions.length > 1 && (
          <NativeSelect
            size="xs"
            aria-label={t.measures.which}
            value={String(repetition ?? "")}
            onChange={(event) =>
              setRepetition(event.currentTarget.value ? Number(event.currentTarget.value) : null)
            }
            data={[
              { value: "", label: t.measures.meanOfRepetitions },
              ...repetitions.map((n) => ({ value: String(n), label: t.measures.repetition(n) })),
            ]}
          />
        )}
        <TextInput
          size="xs"
          aria-label={t.measures.filter}
          placeholder={t.measures.filterPlaceholder}
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
          className={classes.filter}
        />
        <NativeSelect
          size="xs"
          w={128}
          aria-label={t.measures.region}
          value={region}
          onChange={(event) => setRegion(event.currentTarget.value)}
          data={[
            { value: "", label: t.measures.allRegions },
            ...regions.map((one) => ({ value: one, label: t.clinical.regions[one] ?? one })),
          ]}
        />
        <Checkbox
          size="xs"
          label={t.measures.determinedOnly}
          checked={determined}
          onChange={(event) => setDetermined(event.currentTarget.checked)}
        />
      </Group>
      {asked.error ? (
        <ProblemNotice error={asked.error} onRetry={() => asked.refetch()} />
      ) : asked.isPending ? (
        <Loading />
      ) : shown.length === 0 ? (
        <Empty title={t.measures.none} text={t.measures.noneText} />
      ) : (
        <MeasuresTable
          lines={shown}
          sort={sort}
          onSort={setSort}
          affectedSide={analysis.summary.affected_side}
          repetition={repetition}
          manyMovements={scope === "visit"}
          onJump={onJump}
        />
      )}
    </Stack>
  );
}

function MeasuresTable({
  lines,
  sort,
  onSort,
  affectedSide,
  repetition,
  manyMovements,
  onJump,
}: {
  lines: Line[];
  sort: SortColumn;
  onSort: (column: SortColumn) => void;
  affectedSide: string | null;
  repetition: number | null;
  manyMovements: boolean;
  onJump: (jump: Jump) => void;
}) {
  const head = (column: SortColumn, label: string, note?: string) => (
    <Table.Th
      className={classes.number}
      aria-sort={sort === column ? "descending" : "none"}
      scope="col"
    >
      <Tooltip label={note} disabled={!note} multiline w={260}>
        <button
          type="button"
          className={classes.sort}
          aria-label={t.measures.sortBy(label)}
          onClick={() => onSort(sort === column ? "order" : column)}
        >
          {label}
          {sort === column ? " ↓" : ""}
        </button>
      </Tooltip>
      {(column === "left" || column === "right") && affectedSide && (
        <SideWord side={column} affectedSide={affectedSide} />
      )}
    </Table.Th>
  );
  let section: Section | null = null;
  return (
    <Table
      className={`${classes.table} numbers`}
      verticalSpacing={3}
      horizontalSpacing={6}
      fz="xs"
      data-testid="measures"
    >
      <Table.Thead className={classes.head}>
        <Table.Tr>
          <Table.Th scope="col">{t.measures.measure}</Table.Th>
          {head("left", t.measures.left)}
          {head("right", t.measures.right)}
          {head("difference", t.measures.difference, t.measures.differenceNote)}
          <Table.Th scope="col" className={classes.number}>
            <Tooltip label={t.measures.ratioNote} multiline w={240}>
              <span>{t.measures.ratio}</span>
            </Tooltip>
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {lines.flatMap((line) => {
          const begins = sort === "order" && line.group !== section;
          section = line.group;
          return [
            ...(begins
              ? [
                  <Table.Tr key={`group-${line.group}`} className={classes.group}>
                    <Table.Th colSpan={5} scope="colgroup">
                      {t.measures.groups[line.group]}
                    </Table.Th>
                  </Table.Tr>,
                ]
              : []),
            <Row
              key={line.key}
              line={line}
              repetition={repetition}
              withMovement={manyMovements}
              onJump={onJump}
            />,
          ];
        })}
      </Table.Tbody>
    </Table>
  );
}

function SideWord({ side, affectedSide }: { side: string; affectedSide: string }) {
  if (affectedSide !== "left" && affectedSide !== "right") return null;
  return (
    <Text size="10px" fw={400} c="dimmed" lh={1.2}>
      {side === affectedSide ? t.measures.affected : t.measures.healthy}
    </Text>
  );
}

function Row({
  line,
  repetition,
  withMovement,
  onJump,
}: {
  line: Line;
  repetition: number | null;
  withMovement: boolean;
  onJump: (jump: Jump) => void;
}) {
  const name = measureName(line.measure);
  const unit = unitName(line.unit);
  const jump = (side: Jump["side"]) =>
    onJump({
      movement: line.movement,
      takeId: line.takeId,
      region: line.region,
      side,
      moment: line.measure.endsWith("_rest") ? "rest" : "peak",
      repetition,
    });
  const where = t.clinical.regions[line.region] ?? line.region;
  const warned = [line.left, line.right, line.single].some((m) => m?.reason && m.value !== null);
  return (
    <Table.Tr
      className={classes.row}
      onClick={() => jump("both")}
      data-measure={line.measure}
      data-region={line.region}
    >
      <Table.Th scope="row" fw={400}>
        <button
          type="button"
          className={classes.name}
          aria-label={t.measures.jump(unit ? `${name} ${unit}` : name)}
          onClick={(event) => {
            event.stopPropagation();
            jump("both");
          }}
        >
          {name}
          {unit && <span className={classes.unit}>{` ${unit}`}</span>}
        </button>
        <span className={classes.where}>
          {withMovement ? `${t.clinical.movements[line.movement] ?? line.movement} · ` : ""}
          {where}
          {line.floor?.value != null &&
            line.raw?.value != null &&
            ` · ${t.measures.floor(formatNumber(line.floor.value), formatNumber(line.raw.value))}`}
        </span>
        {line.reason && (
          <span className={classes.reason}>
            {warned && (
              <Badge size="xs" color="yellow" variant="light" mr={4}>
                {t.measures.warning}
              </Badge>
            )}
            {line.reason}
          </span>
        )}
      </Table.Th>
      {line.single ? (
        <Table.Td colSpan={3} className={classes.number}>
          {(line.single.side === "affected" || line.single.side === "midline") && (
            <span className={classes.interval}>{t.clinical.sides[line.single.side]}</span>
          )}
          <Value measure={line.single} unit={line.unit} />
        </Table.Td>
      ) : (
        <>
          <Table.Td className={classes.number}>
            <Value measure={line.left} unit={line.unit} />
          </Table.Td>
          <Table.Td className={classes.number}>
            <Value measure={line.right} unit={line.unit} />
          </Table.Td>
          <Table.Td className={classes.number}>
            <DifferenceValue difference={line.difference} unit={line.unit} />
          </Table.Td>
        </>
      )}
      <Table.Td className={classes.number}>
        {line.ratio && <Value measure={line.ratio} unit="1" />}
      </Table.Td>
    </Table.Tr>
  );
}

/** A value with its interval in grey behind it, or a dash with its reason. */
function Value({ measure, unit }: { measure: Measure | null; unit: string }) {
  if (!measure || measure.value === null) {
    return (
      <Tooltip label={measure?.reason} disabled={!measure?.reason} multiline w={240}>
        <span role="note" aria-label={measure?.reason}>
          {t.app.undetermined}
        </span>
      </Tooltip>
    );
  }
  const decimals = decimalsOf(unit);
  return (
    <span data-value={measure.value}>
      <span className={classes.value}>{formatNumber(measure.value, decimals)}</span>
      <Interval lo={measure.ci_lo} hi={measure.ci_hi} decimals={decimals} />
    </span>
  );
}

function DifferenceValue({ difference, unit }: { difference: Difference | null; unit: string }) {
  if (!difference) return <span>{t.app.undetermined}</span>;
  const decimals = decimalsOf(unit);
  const text = formatNumber(difference.value, decimals);
  return (
    <span>
      <span className={classes.value}>
        {difference.value > 0 && /[1-9]/.test(text) ? `+${text}` : text}
      </span>
      <Interval lo={difference.lo} hi={difference.hi} decimals={decimals} />
    </span>
  );
}

function Interval({ lo, hi, decimals }: { lo: number | null; hi: number | null; decimals: 1 | 2 }) {
  if (lo === null || hi === null) return null;
  return (
    <Box component="span" className={classes.interval}>
      {`${formatNumber(lo, decimals)}…${formatNumber(hi, decimals)}`}
    </Box>
  );
}

function isDetermined(line: Line): boolean {
  return [line.left, line.right, line.single].some((m) => m != null && m.value !== null);
}
