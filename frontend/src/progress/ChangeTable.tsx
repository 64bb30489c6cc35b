// Changes as a table: both values, the difference with its interval, and the verdict in words.

import { Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { t } from "../messages/all";
import { measureName } from "../messages/en/clinical";
import { type Change, ChangeVerdict, Difference, Value } from "./estimates";
import { isTarget } from "./keys";

export function ChangeTable({
  label,
  changes,
  first,
}: {
  label: string;
  changes: readonly Change[];
  /** What stands in front of each row, with its heading. */
  first?: { heading: string; cell: (change: Change) => ReactNode };
}) {
  return (
    <Table.ScrollContainer minWidth={900}>
      <Table aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            {first && <Table.Th>{first.heading}</Table.Th>}
            <Table.Th>{t.progress.measure}</Table.Th>
            <Table.Th>{t.progress.side}</Table.Th>
            <Table.Th>{t.progress.before}</Table.Th>
            <Table.Th>{t.progress.after}</Table.Th>
            <Table.Th>{t.progress.change}</Table.Th>
            <Table.Th>{t.progress.verdict}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {changes.map((change) => (
            <Table.Tr
              key={`${change.movement}-${change.measure}-${change.region}-${change.side}`}
              data-measure={change.measure}
              data-side={change.side}
            >
              {first && <Table.Td>{first.cell(change)}</Table.Td>}
              <Table.Td>
                <Text span size="sm" fw={!first && isTarget(change) ? 600 : 400}>
                  {measureName(change.measure)}
                </Text>
                {!first && (
                  <Text span size="xs" c="dimmed">
                    {` · ${t.clinical.regions[change.region] ?? change.region}`}
                  </Text>
                )}
              </Table.Td>
              <Table.Td>{t.clinical.sides[change.side]}</Table.Td>
              <Table.Td>
                <Value estimate={change.before} unit={change.unit} />
              </Table.Td>
              <Table.Td>
                <Value estimate={change.after} unit={change.unit} />
              </Table.Td>
              <Table.Td>
                <Difference change={change} />
              </Table.Td>
              <Table.Td>
                <ChangeVerdict change={change} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
