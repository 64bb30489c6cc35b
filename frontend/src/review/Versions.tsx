// The versions of a take's analysis, and which numbers differ between two of them.

import { NativeSelect, Stack, Table, Text, Title } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { query, type Schemas } from "../api/client";
import { formatInstant } from "../kit/formats";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages/all";
import { measureName } from "../messages/en/clinical";
import { Value } from "../progress/estimates";

type Measure = Schemas["MeasureRead"];

const LIMIT = 200;

/** Pairs of the same measure whose numbers differ as they are shown; the largest change first. */
export function differing(
  ours: readonly Measure[],
  theirs: readonly Measure[],
): [Measure, Measure][] {
  const key = (m: Measure) => `${m.measure}|${m.region}|${m.side}|${m.repetition}`;
  const others = new Map(theirs.map((m) => [key(m), m]));
  const size = ([a, b]: [Measure, Measure]) => Math.abs((a.value ?? 0) - (b.value ?? 0));
  return ours
    .flatMap((one): [Measure, Measure][] => {
      const other = others.get(key(one));
      if (!other) return [];
      const same =
        one.value === null || other.value === null
          ? one.value === other.value
          : Math.abs(one.value - other.value) < 0.05;
      return same ? [] : [[one, other]];
    })
    .sort((a, b) => size(b) - size(a));
}

export function Versions({
  takeId,
  analysis,
}: {
  takeId: string;
  analysis: Schemas["AnalysisRead"];
}) {
  const { data, error } = query.useQuery("get", "/api/v1/takes/{take_id}/analyses", {
    params: { path: { take_id: takeId }, query: { all_versions: true, limit: 50 } },
  });
  const others = (data?.items ?? []).filter((one) => one.id !== analysis.id);
  const [chosen, setChosen] = useState<string | null>(null);
  const other = others.find((one) => one.id === chosen) ?? null;
  const measures = useQueries({
    queries: (other ? [analysis.id, other.id] : []).map((id) =>
      query.queryOptions("get", "/api/v1/analyses/{analysis_id}/measures", {
        params: { path: { analysis_id: id }, query: { limit: LIMIT, level: "movement" } },
      }),
    ),
  });
  if (error) return <ProblemNotice error={error} />;
  if (others.length === 0) return null;
  const [ours, theirs] = measures.map((one) => one.data?.items);
  const pairs = ours && theirs ? differing(ours, theirs) : null;
  return (
    <Stack gap={6}>
      <Title order={3} size="h6">
        {t.review.versions}
      </Title>
      <NativeSelect
        size="xs"
        label={t.review.compareWith}
        value={chosen ?? ""}
        data={[
          { value: "", label: "–" },
          ...others.map((one) => ({
            value: one.id,
            label: `${t.review.version(one.version)}${
              one.published_at ? ` · ${formatInstant(one.published_at)}` : ""
            }`,
          })),
        ]}
        onChange={(event) => setChosen(event.currentTarget.value || null)}
      />
      {pairs && (
        <>
          <Text size="sm">
            {pairs.length === 0 ? t.review.noDifference : t.review.differing(pairs.length)}
          </Text>
          {pairs.length > 0 && (
            <Table aria-label={t.review.versions}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t.review.measure}</Table.Th>
                  <Table.Th>{t.review.side}</Table.Th>
                  <Table.Th>{t.review.this}</Table.Th>
                  <Table.Th>{t.review.other}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {pairs.map(([one, before]) => (
                  <Table.Tr key={one.id}>
                    <Table.Td>
                      {measureName(one.measure)}
                      <Text span size="xs" c="dimmed">
                        {` · ${t.clinical.regions[one.region] ?? one.region}`}
                      </Text>
                    </Table.Td>
                    <Table.Td>{t.clinical.sides[one.side]}</Table.Td>
                    <Table.Td>
                      <Value estimate={one} unit={one.unit} />
                    </Table.Td>
                    <Table.Td>
                      <Value estimate={before} unit={before.unit} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )}
        </>
      )}
    </Stack>
  );
}
