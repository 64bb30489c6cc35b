// The numbers of a trend, visit by visit, with what happened in between.

import { Table, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { formatDay } from "../kit/formats";
import { t } from "../messages/all";
import { placeText, Value } from "./estimates";
import { placeOf, type Trend, type TrendPoint } from "./trendLines";

type Row =
  | { at: number; trend: Trend; point: TrendPoint }
  | { at: number; event: Trend["events"][number] };

/** Values and events in time; of one day, events come first: they were before the visit or in it. */
export function rowsOf(trends: readonly Trend[]): Row[] {
  const events = (trends[0]?.events ?? []).map((event) => ({
    at: placeOf({ visited_on: event.happened_on, day: event.day }),
    event,
  }));
  const values = trends.flatMap((trend) =>
    trend.points.map((point) => ({ at: placeOf(point.visit), trend, point })),
  );
  return [...events, ...values].sort((a, b) => a.at - b.at);
}

export function TrendTable({ trends }: { trends: Trend[] }) {
  return (
    <Table.ScrollContainer minWidth={720}>
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
          {rowsOf(trends).map((row) =>
            "event" in row ? (
              <Table.Tr key={`${row.at}-${row.event.kind}-${row.event.title}`}>
                <Table.Td>
                  {row.event.happened_on
                    ? formatDay(row.event.happened_on)
                    : t.progress.day(row.event.day)}
                </Table.Td>
                <Table.Td colSpan={4}>
                  <Text span size="sm" fs="italic">
                    {[t.progress.eventKinds[row.event.kind] ?? row.event.kind, row.event.title]
                      .filter(Boolean)
                      .join(": ")}
                  </Text>
                </Table.Td>
              </Table.Tr>
            ) : (
              <Table.Tr key={`${row.point.analysis_id}-${row.trend.side}`}>
                <Table.Td>
                  <Link to="/takes/$takeId" params={{ takeId: row.point.take_id }}>
                    {placeText(row.point.visit)}
                  </Link>
                </Table.Td>
                <Table.Td>{t.clinical.sides[row.trend.side]}</Table.Td>
                <Table.Td>
                  <Value estimate={row.point} unit={row.trend.unit} />
                </Table.Td>
                <Table.Td>{t.clinical.verdicts[row.point.qc]}</Table.Td>
                <Table.Td>
                  <Text span size="xs" c="dimmed">
                    {row.point.model}
                  </Text>
                  {!row.point.comparable && (
                    <Text span size="xs" fw={600}>{` · ${t.progress.otherModel}`}</Text>
                  )}
                </Table.Td>
              </Table.Tr>
            ),
          )}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
