import { Table, Text } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { query, type Schemas } from "../api/client";
import { formatInstant } from "../kit/formats";
import { Pager } from "../kit/Pager";
import { ProblemNotice } from "../kit/Problem";
import { Empty, Loading } from "../kit/States";
import { t } from "../messages";
import { useColleagues } from "./colleagues";

const LINES = 50;
const words = t.patients.history;

/** Who changed what about a patient; names of fields, never what identifies. */
export function History({ patientId }: { patientId: string }) {
  const [offset, setOffset] = useState(0);
  const nameOf = useColleagues();
  const found = query.useQuery(
    "get",
    "/api/v1/patients/{patient_id}/history",
    { params: { path: { patient_id: patientId }, query: { limit: LINES, offset } } },
    { placeholderData: keepPreviousData },
  );
  if (found.error) return <ProblemNotice error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Loading />;
  if (found.data.total === 0) return <Empty title={words.none} />;
  return (
    <>
      <Text size="sm" c="dimmed" mb="xs">
        {words.hint}
      </Text>
      <Table.ScrollContainer minWidth={560}>
        <Table aria-label={words.title}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={190}>{words.when}</Table.Th>
              <Table.Th w={180}>{words.who}</Table.Th>
              <Table.Th>{words.what}</Table.Th>
              <Table.Th>{words.detail}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.data.items.map((change) => (
              <Table.Tr key={`${change.at} ${change.action} ${change.object_id}`}>
                <Table.Td className="numbers">{formatInstant(change.at)}</Table.Td>
                <Table.Td>{change.actor_id ? nameOf(change.actor_id) : words.system}</Table.Td>
                <Table.Td>{words.actions[change.action] ?? change.action}</Table.Td>
                <Table.Td>
                  <Text size="sm" c="dimmed">
                    {detailsOf(change)}
                  </Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Pager offset={offset} limit={LINES} total={found.data.total} onOffset={setOffset} />
    </>
  );
}

/** What may be told of a change; ids are for the audit log alone. */
function detailsOf(change: Schemas["Change"]): string {
  return Object.entries(change.detail)
    .filter(([name, value]) => name in words.details && value !== null && value !== "")
    .map(([name, value]) => {
      const said = Array.isArray(value)
        ? value.map((one) => t.patients.fields[one as "name"] ?? String(one)).join(", ")
        : saidAs(name, String(value));
      return `${words.details[name]}: ${said}`;
    })
    .join("; ");
}

function saidAs(name: string, value: string): string {
  if (name === "view") return t.clinical.views[value] ?? value;
  if (name === "purpose") return t.patients.consents.purposes[value] ?? value;
  if (name === "movement") return t.clinical.movements[value] ?? value;
  if (name === "kind") return words.kinds[value] ?? value;
  return value;
}
