// What every movement aims at in two visits, at a glance: did the patient move more than the error?

import { Anchor, Stack, Text, Title } from "@mantine/core";
import { useMemo } from "react";
import type { Schemas } from "../api/client";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { t } from "../messages/all";
import { ChangeTable } from "./ChangeTable";
import { withoutDoubles } from "./changeRows";
import type { Change } from "./estimates";
import { isTarget, TARGET_MEASURES } from "./keys";
import { useChanges } from "./useChanges";

/** One row a movement: its target on the affected side, or on both sides where none is known. */
export function glanceRows(changes: readonly Change[], movements: readonly string[]): Change[] {
  const targets = withoutDoubles(changes).filter(
    (change) => isTarget(change) && change.side !== "healthy",
  );
  return movements.flatMap((movement) => targets.filter((one) => one.movement === movement));
}

export function Glance({
  comparison,
  shown,
  onChoose,
}: {
  comparison: Schemas["ComparisonRead"];
  /** The movement that is looked at. */
  shown: string;
  onChoose: (movement: string) => void;
}) {
  const movements = useMemo(
    () => comparison.movements.filter((pair) => pair.comparable).map((pair) => pair.movement),
    [comparison],
  );
  const { data, error, isPending, refetch } = useChanges(
    comparison.before.id,
    comparison.after.id,
    movements,
    TARGET_MEASURES,
  );
  const rows = useMemo(() => glanceRows(data ?? [], movements), [data, movements]);
  if (movements.length < 2) return null;
  if (error) return <ProblemNotice error={error} onRetry={() => refetch()} />;
  if (isPending) return <Loading />;
  if (rows.length === 0) return null;
  return (
    <Stack gap="xs" data-testid="glance">
      <Title order={2} size="h4">
        {t.progress.glance}
      </Title>
      <ChangeTable
        label={t.progress.glance}
        changes={rows}
        first={{
          heading: t.progress.movement,
          cell: ({ movement }) =>
            movement === shown ? (
              <Text span size="sm" fw={600}>
                {t.clinical.movements[movement] ?? movement}
              </Text>
            ) : (
              <Anchor
                component="button"
                type="button"
                size="sm"
                ta="left"
                onClick={() => onChoose(movement)}
              >
                {t.clinical.movements[movement] ?? movement}
              </Anchor>
            ),
        }}
      />
    </Stack>
  );
}
