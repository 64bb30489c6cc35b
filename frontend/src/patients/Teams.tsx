import { Button, List, Modal, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api, type Schemas } from "../api/client";
import { notify } from "../kit/notify";
import { t } from "../messages";
import { useAction, useRefresh } from "./answers";
import { FormFoot } from "./FormFoot";
import { Section } from "./Section";
import { TeamPicker } from "./TeamPicker";

const words = t.patients.person;

/** The care teams that see a patient. */
export function TeamsSection({
  patient,
  mayEdit,
}: {
  patient: Schemas["PatientRead"];
  mayEdit: boolean;
}) {
  const [editing, setEditing] = useState(false);
  return (
    <Section
      title={words.teams}
      action={
        mayEdit && (
          <Button
            size="compact-sm"
            variant="subtle"
            aria-label={`${t.patients.act.edit}: ${words.teams}`}
            onClick={() => setEditing(true)}
          >
            {t.patients.act.edit}
          </Button>
        )
      }
    >
      <List size="sm">
        {patient.teams.map((team) => (
          <List.Item key={team.id}>{team.name}</List.Item>
        ))}
      </List>
      {editing && <TeamsDialog patient={patient} onClose={() => setEditing(false)} />}
    </Section>
  );
}

function TeamsDialog({
  patient,
  onClose,
}: {
  patient: Schemas["PatientRead"];
  onClose: () => void;
}) {
  const refresh = useRefresh();
  const [teams, setTeams] = useState(patient.teams.map((team) => team.id));
  const save = useAction(async () => {
    await api.PUT("/api/v1/patients/{patient_id}/teams", {
      params: { path: { patient_id: patient.id } },
      body: { team_ids: teams },
    });
    await refresh();
    notify(words.teamsSaved);
    onClose();
  });
  return (
    <Modal opened onClose={onClose} title={words.changeTeams}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (teams.length > 0) save.go();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{words.teamsWarning}</Text>
          <TeamPicker
            value={teams}
            onChange={setTeams}
            error={teams.length === 0 ? words.teamNeeded : undefined}
          />
          <FormFoot
            error={save.error}
            busy={save.busy}
            disabled={teams.length === 0}
            onCancel={onClose}
          />
        </Stack>
      </form>
    </Modal>
  );
}
