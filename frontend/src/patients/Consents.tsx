import { Badge, Button, Card, Group, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { useState } from "react";
import { query, type Schemas } from "../api/client";
import { formatDay } from "../kit/formats";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { t } from "../messages";
import { AttachDialog, RecordDialog } from "./ConsentForms";
import type { PatientRights } from "./reach";
import { type Paper, type Purpose, type Standing, standings } from "./standing";
import { WithdrawDialog } from "./WithdrawDialog";

const LOOKS = { standing: "ink", withdrawn: "orange", missing: "gray" } as const;
const words = t.patients.consents;

/** What the patient agreed to, purpose by purpose, and all signed papers. */
export function Consents({
  patient,
  rights,
}: {
  patient: Schemas["PatientRead"];
  rights: PatientRights;
}) {
  const found = query.useQuery("get", "/api/v1/patients/{patient_id}/consents", {
    params: { path: { patient_id: patient.id }, query: { limit: 200 } },
  });
  const [recording, setRecording] = useState<Purpose | null>(null);
  const [withdrawing, setWithdrawing] = useState<Paper | null>(null);
  const [attaching, setAttaching] = useState<Paper | null>(null);
  if (found.error) return <ProblemNotice error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Loading />;
  const active = patient.state === "active";
  const mayRecord = active && rights.may("consent:record");
  const mayAttach = active && rights.may("consent:write");
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }} spacing="sm">
        {standings(found.data.items).map((standing) => (
          <PurposeCard
            key={standing.purpose}
            standing={standing}
            onRecord={mayRecord ? () => setRecording(standing.purpose) : undefined}
            onWithdraw={mayRecord ? setWithdrawing : undefined}
          />
        ))}
      </SimpleGrid>
      <div>
        <Title order={2} size="h4" mb={4}>
          {words.papers}
        </Title>
        {found.data.items.length === 0 ? (
          <Text size="sm" c="dimmed">
            {words.none}
          </Text>
        ) : (
          <Papers papers={found.data.items} onAttach={mayAttach ? setAttaching : undefined} />
        )}
      </div>
      {recording && (
        <RecordDialog
          patientId={patient.id}
          purpose={recording}
          onClose={() => setRecording(null)}
        />
      )}
      {withdrawing && <WithdrawDialog paper={withdrawing} onClose={() => setWithdrawing(null)} />}
      {attaching && <AttachDialog paper={attaching} onClose={() => setAttaching(null)} />}
    </Stack>
  );
}

function PurposeCard({
  standing: { purpose, state, paper },
  onRecord,
  onWithdraw,
}: {
  standing: Standing;
  onRecord: (() => void) | undefined;
  onWithdraw: ((paper: Paper) => void) | undefined;
}) {
  return (
    <Card withBorder padding="sm">
      <Stack gap={6} h="100%">
        <Group justify="space-between" align="flex-start" wrap="nowrap">
          <Title order={3} size="h5">
            {words.purposes[purpose]}
          </Title>
          <Badge
            flex="none"
            variant={state === "missing" ? "outline" : "light"}
            color={LOOKS[state]}
            tt="none"
            fw={500}
          >
            {words[state]}
          </Badge>
        </Group>
        <Text size="sm" c="dimmed" flex={1}>
          {words.covers[purpose]}
        </Text>
        {paper && (
          <Text size="sm">
            {state === "withdrawn" && paper.withdrawn_at
              ? words.withdrew(formatDay(paper.withdrawn_at))
              : `${words.signedOn} ${formatDay(paper.signed_on)}`}
          </Text>
        )}
        <Group gap="xs">
          {state === "standing" && paper && onWithdraw && (
            <Button
              size="compact-sm"
              variant="default"
              aria-label={`${words.withdraw}: ${words.purposes[purpose]}`}
              onClick={() => onWithdraw(paper)}
            >
              {words.withdraw}
            </Button>
          )}
          {state !== "standing" && onRecord && (
            <Button
              size="compact-sm"
              variant={purpose === "care" ? "filled" : "default"}
              aria-label={`${words.record}: ${words.purposes[purpose]}`}
              onClick={onRecord}
            >
              {words.record}
            </Button>
          )}
        </Group>
      </Stack>
    </Card>
  );
}

function Papers({
  papers,
  onAttach,
}: {
  papers: Paper[];
  onAttach: ((paper: Paper) => void) | undefined;
}) {
  return (
    <Table.ScrollContainer minWidth={560}>
      <Table aria-label={words.papers}>
        <Table.Tbody>
          {papers.map((paper) => (
            <Table.Tr key={paper.id}>
              <Table.Td className="numbers">{formatDay(paper.signed_on)}</Table.Td>
              <Table.Td>{words.purposes[paper.purpose]}</Table.Td>
              <Table.Td>
                {paper.signatory ? words.signedBy(paper.signatory) : words.byPatient}
              </Table.Td>
              <Table.Td>
                {paper.withdrawn_at ? (
                  <>
                    {words.withdrew(formatDay(paper.withdrawn_at))}
                    {paper.withdrawal_reason && (
                      <Text size="xs" c="dimmed">
                        {words.because(paper.withdrawal_reason)}
                      </Text>
                    )}
                  </>
                ) : (
                  words.standing
                )}
              </Table.Td>
              <Table.Td>
                {paper.has_attachment ? (
                  <a
                    href={`/api/v1/consents/${paper.id}/attachment`}
                    target="_blank"
                    rel="noreferrer"
                  >
                    {words.viewScan}
                  </a>
                ) : onAttach ? (
                  <Button size="compact-sm" variant="subtle" onClick={() => onAttach(paper)}>
                    {words.addScan}
                  </Button>
                ) : (
                  <Text size="sm" c="dimmed">
                    {words.noScan}
                  </Text>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
