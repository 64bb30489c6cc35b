import { Button, Group, List, Modal, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, query, type Schemas } from "../api/client";
import { formatDay } from "../kit/formats";
import { notify } from "../kit/notify";
import { ProblemNotice } from "../kit/Problem";
import { ReasonDialog } from "../kit/Reason";
import { t } from "../messages";
import { got, useAction, useRefresh } from "./answers";
import { personWords } from "./badges";
import { FormFoot } from "./FormFoot";
import { Facts, Section } from "./Section";

const words = t.patients.merges;

/** Makes two records of one person one, after a look at both; and parts them again. */
export function Merges({ patient }: { patient: Schemas["PatientRead"] }) {
  const refresh = useRefresh();
  const [identifier, setIdentifier] = useState("");
  const [other, setOther] = useState<Schemas["PatientSummary"] | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [asking, setAsking] = useState(false);
  const found = query.useQuery("get", "/api/v1/patients/{patient_id}/merges", {
    params: { path: { patient_id: patient.id }, query: { limit: 50 } },
  });
  const look = useAction(async () => {
    setTrouble(null);
    setOther(null);
    const wanted = identifier.trim();
    const { items } = got(
      await api.POST("/api/v1/patients/search", {
        params: { query: { limit: 20 } },
        body: { q: wanted, state: "active", sort: "pseudonym" },
      }),
    );
    const match = items.find((one) => one.pseudonym.toLowerCase() === wanted.toLowerCase());
    if (!match) setTrouble(words.notFound);
    else if (match.id === patient.id) setTrouble(words.same);
    else setOther(match);
  });
  return (
    <Section title={words.title}>
      <Text size="sm">{words.explanation}</Text>
      {patient.state === "active" && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (identifier.trim()) look.go();
          }}
        >
          <Group align="flex-end" gap="sm">
            <TextInput
              flex={1}
              label={words.other}
              autoComplete="off"
              maxLength={32}
              value={identifier}
              error={trouble}
              onChange={(event) => {
                setIdentifier(event.currentTarget.value);
                setTrouble(null);
                setOther(null);
              }}
            />
            <Button
              type="submit"
              variant="default"
              loading={look.busy}
              disabled={!identifier.trim()}
            >
              {words.look}
            </Button>
          </Group>
        </form>
      )}
      {look.error !== null && <ProblemNotice error={look.error} />}
      {other && (
        <Stack gap="xs">
          <SimpleGrid cols={2} spacing="sm">
            <Preview title={words.kept} record={patient} />
            <Preview title={words.ends} record={other} />
          </SimpleGrid>
          <Text size="sm" fw={600}>
            {words.preview}
          </Text>
          <List size="sm">
            {words.effects.map((effect) => (
              <List.Item key={effect}>{effect}</List.Item>
            ))}
          </List>
          <Button w="fit-content" size="xs" onClick={() => setAsking(true)}>
            {words.merge}
          </Button>
          <ReasonDialog
            title={`${words.merge}: ${other.pseudonym} → ${patient.pseudonym}`}
            text={words.reason}
            action={words.merge}
            opened={asking}
            onClose={() => setAsking(false)}
            onConfirm={async (reason) => {
              await api.POST("/api/v1/patients/{patient_id}/merges", {
                params: { path: { patient_id: patient.id } },
                body: { merged_id: other.id, reason },
              });
              setOther(null);
              setIdentifier("");
              await refresh();
              notify(words.done);
            }}
          />
        </Stack>
      )}
      {found.error && <ProblemNotice error={found.error} onRetry={() => found.refetch()} />}
      {(found.data?.items.length ?? 0) > 0 && (
        <Text size="sm" fw={600}>
          {words.earlier}
        </Text>
      )}
      {found.data?.items.map((merge) => (
        <MergeLine key={merge.id} merge={merge} patientId={patient.id} />
      ))}
    </Section>
  );
}

function Preview({
  title,
  record,
}: {
  title: string;
  record: Pick<
    Schemas["PatientSummary"],
    "pseudonym" | "sex" | "birth_year" | "care_consent" | "last_visit" | "created_at"
  >;
}) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {title}
      </Text>
      <Text fw={600}>{record.pseudonym}</Text>
      <Text size="sm">{personWords(record)}</Text>
      <Text size="sm">{record.care_consent && t.patients.consentStates[record.care_consent]}</Text>
      <Facts
        facts={[
          [
            t.patients.list.columns.lastVisit,
            record.last_visit ? formatDay(record.last_visit.visited_on) : t.patients.list.noVisit,
          ],
          [t.patients.list.columns.created, formatDay(record.created_at)],
        ]}
      />
    </div>
  );
}

function MergeLine({ merge, patientId }: { merge: Schemas["MergeRead"]; patientId: string }) {
  const refresh = useRefresh();
  const [asking, setAsking] = useState(false);
  const otherId = merge.kept_id === patientId ? merge.merged_id : merge.kept_id;
  const other = query.useQuery("get", "/api/v1/patients/{patient_id}", {
    params: { path: { patient_id: otherId } },
  });
  const undo = useAction(async () => {
    await api.POST("/api/v1/merges/{merge_id}/undo", { params: { path: { merge_id: merge.id } } });
    await refresh();
    notify(words.undoneDone);
    setAsking(false);
  });
  const name = other.data?.pseudonym ?? "";
  return (
    <Group justify="space-between" wrap="nowrap">
      <div>
        <Text size="sm">
          {formatDay(merge.merged_at)}:{" "}
          {merge.kept_id === patientId ? words.intoThis(name) : words.intoOther(name)}
          {merge.undone_at && `, ${words.undone(formatDay(merge.undone_at))}`}
        </Text>
        {merge.reason && (
          <Text size="xs" c="dimmed">
            {merge.reason}
          </Text>
        )}
      </div>
      {merge.undone_at === null && merge.kept_id === patientId && (
        <Button size="compact-sm" variant="default" onClick={() => setAsking(true)}>
          {words.undo}
        </Button>
      )}
      <Modal opened={asking} onClose={() => setAsking(false)} title={words.undo}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            undo.go();
          }}
        >
          <Stack gap="sm">
            <Text size="sm">{words.undoText}</Text>
            <FormFoot
              error={undo.error}
              busy={undo.busy}
              action={words.undo}
              onCancel={() => setAsking(false)}
            />
          </Stack>
        </form>
      </Modal>
    </Group>
  );
}
