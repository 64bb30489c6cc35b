// The synkinesis matrix of a visit, movement by region, as a heat map that is a table.

import { Box, Button, Stack, Table, Text, Tooltip } from "@mantine/core";
import { useMemo, useState } from "react";
import { formatNumber } from "../kit/formats";
import { ProblemNotice } from "../kit/Problem";
import { Empty, Loading } from "../kit/States";
import { t } from "../messages/all";
import { colourOf, cssOf, gradientOf, magnitudeScale, REGIONS, roundLimit } from "../viewer";
import type { Jump } from "./MeasuresPanel";
import type { Measure } from "./measureRows";
import classes from "./Synkinesis.module.css";
import type { Analysis } from "./timeline";
import { useMeasures } from "./useMeasures";

const WANTED = ["synkinesis", "synkinesis_percent", "ocular_synkinesis"];
/** Below these ends a scale would make noise look like something. */
const LEAST_TOP = { synkinesis: 2, synkinesis_percent: 20 };

type Kind = keyof typeof LEAST_TOP;

export function Synkinesis({
  analysis,
  onJump,
}: {
  analysis: Analysis;
  onJump: (jump: Jump) => void;
}) {
  const [kind, setKind] = useState<Kind>("synkinesis");
  const asked = useMeasures({ visitId: analysis.visit_id }, { level: "movement", measure: WANTED });
  const rows = useMemo(() => asked.data ?? [], [asked.data]);
  const movements = useMemo(() => [...new Set(rows.map((row) => row.movement))], [rows]);
  if (asked.error) return <ProblemNotice error={asked.error} onRetry={() => asked.refetch()} />;
  if (asked.isPending) return <Loading />;
  if (rows.length === 0) {
    return <Empty title={t.measures.noAffectedSide} text={t.measures.noAffectedSideText} />;
  }
  const values = rows.filter((row) => row.measure === kind).flatMap((row) => row.value ?? []);
  const top = roundLimit(Math.max(LEAST_TOP[kind], ...values));
  const scale = magnitudeScale(top);
  const unit = kind === "synkinesis" ? "mm" : "%";
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600}>
        {t.measures.synkinesis}
      </Text>
      <Text size="xs" c="dimmed">
        {t.measures.synkinesisText}
      </Text>
      <Button.Group aria-label={t.measures.unitOfMatrix}>
        {(["synkinesis", "synkinesis_percent"] as const).map((one) => (
          <Button
            key={one}
            size="compact-xs"
            variant={kind === one ? "filled" : "default"}
            aria-pressed={kind === one}
            onClick={() => setKind(one)}
          >
            {one === "synkinesis" ? t.measures.inMm : t.measures.inPercent}
          </Button>
        ))}
      </Button.Group>
      <Table
        className={`${classes.matrix} numbers`}
        withRowBorders={false}
        highlightOnHover={false}
        data-testid="synkinesis"
      >
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t.measures.visitMovement}</Table.Th>
            {REGIONS.map((region) => (
              <Table.Th key={region} scope="col" className={classes.column}>
                {t.clinical.regions[region]}
              </Table.Th>
            ))}
            <Table.Th scope="col" className={classes.column}>
              {t.measures.ocular}
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {movements.map((movement) => {
            const ocular = rows.find(
              (row) => row.movement === movement && row.measure === "ocular_synkinesis",
            );
            return (
              <Table.Tr key={movement}>
                <Table.Th scope="row" className={classes.movement}>
                  {t.clinical.movements[movement] ?? movement}
                </Table.Th>
                {REGIONS.map((region) => (
                  <Cell
                    key={region}
                    movement={movement}
                    region={region}
                    row={rows.find(
                      (row) =>
                        row.movement === movement && row.measure === kind && row.region === region,
                    )}
                    unit={unit}
                    colour={(value) => cssOf(colourOf(value, scale))}
                    dark={(value) => value / top > 0.5}
                    onJump={onJump}
                  />
                ))}
                <Table.Td className={classes.plain}>
                  {ocular === undefined ? (
                    ""
                  ) : ocular.value === null ? (
                    <Dash reason={ocular.reason} />
                  ) : (
                    formatNumber(ocular.value)
                  )}
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
      <Box className={classes.legend}>
        <Box className={classes.bar} style={{ backgroundImage: gradientOf("sequential") }} />
        <Text size="xs" className="numbers">
          {t.measures.matrixLegend(`${formatNumber(top, top % 1 ? 1 : 0)} ${unit}`)}
        </Text>
      </Box>
    </Stack>
  );
}

function Cell({
  movement,
  region,
  row,
  unit,
  colour,
  dark,
  onJump,
}: {
  movement: string;
  region: string;
  row: Measure | undefined;
  unit: string;
  colour: (value: number) => string;
  dark: (value: number) => boolean;
  onJump: (jump: Jump) => void;
}) {
  if (!row) {
    return (
      <Table.Td className={classes.aimed} title={t.measures.aimedAt}>
        ·
      </Table.Td>
    );
  }
  if (row.value === null) {
    return (
      <Table.Td className={classes.plain}>
        <Dash reason={row.reason} />
      </Table.Td>
    );
  }
  const value = row.value;
  const names = [
    t.clinical.movements[movement] ?? movement,
    t.clinical.regions[region] ?? region,
  ] as const;
  const interval =
    row.ci_lo !== null && row.ci_hi !== null
      ? ` (${formatNumber(row.ci_lo)} … ${formatNumber(row.ci_hi)})`
      : "";
  const text = `${formatNumber(value)} ${unit}${interval}`;
  return (
    <Table.Td className={classes.cell} style={{ backgroundColor: colour(value) }}>
      <Tooltip label={text}>
        <button
          type="button"
          className={classes.value}
          data-dark={dark(value)}
          aria-label={t.measures.cell(names[0], names[1], text)}
          onClick={() =>
            onJump({
              movement,
              takeId: row.take_id,
              region,
              side: "both",
              moment: "peak",
              repetition: null,
            })
          }
        >
          {formatNumber(value)}
        </button>
      </Tooltip>
    </Table.Td>
  );
}

function Dash({ reason }: { reason: string }) {
  return (
    <Tooltip label={reason} multiline w={240}>
      <span role="note" aria-label={reason}>
        {t.app.undetermined}
      </span>
    </Tooltip>
  );
}
