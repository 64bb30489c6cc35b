import { Button, Grid, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api, type Schemas } from "../api/client";
import { notify } from "../kit/notify";
import { ReasonDialog } from "../kit/Reason";
import { notifyUndo } from "../kit/undo";
import { t } from "../messages";
import { useRefresh } from "./answers";
import { ContactSection } from "./Contact";
import { DescriptionSection } from "./Description";
import { IdentitySection } from "./IdentityForm";
import { Invitations } from "./Invitations";
import { Merges } from "./Merges";
import type { PatientRights } from "./reach";
import { Section } from "./Section";
import { TeamsSection } from "./Teams";

/** Who the patient is and who sees the record; each part shows to those who may. */
export function Person({
  patient,
  rights,
}: {
  patient: Schemas["PatientRead"];
  rights: PatientRights;
}) {
  const { may } = rights;
  const active = patient.state === "active";
  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Stack gap="lg">
          <DescriptionSection patient={patient} mayEdit={active && may("patient:edit")} />
          {may("patient:identity") && (
            <IdentitySection
              patientId={patient.id}
              mayEdit={active && may("patient:edit_identity")}
            />
          )}
          {may("patient:contact") && (
            <ContactSection
              patientId={patient.id}
              mayEdit={active && may("patient:edit_contact")}
            />
          )}
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Stack gap="lg">
          <TeamsSection patient={patient} mayEdit={active && may("patient:teams")} />
          {may("patient:invite") && <Invitations patientId={patient.id} active={active} />}
          {may("patient:merge") && <Merges patient={patient} />}
          {active && may("patient:void") && <VoidSection patient={patient} />}
        </Stack>
      </Grid.Col>
    </Grid>
  );
}

function VoidSection({ patient }: { patient: Schemas["PatientRead"] }) {
  const refresh = useRefresh();
  const [asking, setAsking] = useState(false);
  const words = t.patients.person;
  const path = { params: { path: { patient_id: patient.id } } };
  return (
    <Section title={words.outOfUse}>
      <Text size="sm">{words.voidText}</Text>
      <Button w="fit-content" size="xs" variant="default" onClick={() => setAsking(true)}>
        {words.void}
      </Button>
      <ReasonDialog
        title={words.void}
        text={words.voidText}
        action={t.patients.act.void}
        opened={asking}
        onClose={() => setAsking(false)}
        onConfirm={async (reason) => {
          await api.POST("/api/v1/patients/{patient_id}/void", { ...path, body: { reason } });
          await refresh();
          notifyUndo(words.voided, async () => {
            await api.POST("/api/v1/patients/{patient_id}/unvoid", path);
            await refresh();
            notify(t.patients.act.broughtBack);
          });
        }}
      />
    </Section>
  );
}
