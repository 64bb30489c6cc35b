import { Modal, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, ifMatch, type Schemas } from "../api/client";
import { notify } from "../kit/notify";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages";
import { got, useRefresh } from "./answers";
import { ConflictNotice } from "./ConflictNotice";
import { DuplicateNotice } from "./DuplicateNotice";
import { resemblanceOf } from "./duplicates";
import { FormFoot } from "./FormFoot";
import { filled } from "./fields";
import { HiddenPart } from "./HiddenPart";
import { useRevision } from "./revision";
import { Facts } from "./Section";

interface Typed {
  name: string;
  mrn: string;
}

const words = t.patients.fields;

async function load(patientId: string): Promise<Schemas["IdentityRead"]> {
  return got(
    await api.GET("/api/v1/patients/{patient_id}/identity", {
      params: { path: { patient_id: patientId } },
    }),
  );
}

function storedOf(identity: Schemas["IdentityRead"]) {
  return {
    values: { name: identity.name ?? "", mrn: identity.mrn ?? "" },
    version: identity.version,
  };
}

/** Name and record number: hidden until asked for. */
export function IdentitySection({ patientId, mayEdit }: { patientId: string; mayEdit: boolean }) {
  return (
    <HiddenPart
      title={t.patients.person.identity}
      mayEdit={mayEdit}
      load={() => load(patientId)}
      show={(identity) => (
        <Facts
          facts={[
            [words.name, identity.name ?? t.patients.person.empty],
            [words.mrn, identity.mrn ?? t.patients.person.empty],
          ]}
        />
      )}
      edit={(identity, onSaved, onClose) => (
        <IdentityForm identity={identity} onSaved={onSaved} onClose={onClose} />
      )}
    />
  );
}

function IdentityForm({
  identity,
  onSaved,
  onClose,
}: {
  identity: Schemas["IdentityRead"];
  onSaved: (identity: Schemas["IdentityRead"]) => void;
  onClose: () => void;
}) {
  const refresh = useRefresh();
  const [although, setAlthough] = useState(false);
  const form = useRevision<Typed>({
    draft: `identity.${identity.id}`,
    stored: storedOf(identity),
    save: async (values, version) =>
      onSaved(
        got(
          await api.PUT("/api/v1/patients/{patient_id}/identity", {
            params: { path: { patient_id: identity.id }, header: ifMatch(version) },
            body: {
              name: filled(values.name),
              mrn: filled(values.mrn),
              although_similar: although,
            },
          }),
        ),
      ),
    load: async () => storedOf(await load(identity.id)),
  });
  const similar = resemblanceOf(form.error);
  return (
    <Modal opened onClose={onClose} title={t.patients.person.identity}>
      <form
        noValidate
        onSubmit={async (event) => {
          event.preventDefault();
          if (await form.submit()) {
            await refresh();
            notify(t.patients.act.saved);
            onClose();
          }
        }}
      >
        <Stack gap="sm">
          <ConflictNotice
            differences={form.differences}
            labels={{ name: words.name, mrn: words.mrn }}
            onTake={form.take}
          />
          <TextInput
            label={words.name}
            autoComplete="off"
            data-autofocus
            maxLength={200}
            value={form.values.name}
            onChange={(event) => form.set({ name: event.currentTarget.value })}
          />
          <TextInput
            label={words.mrn}
            autoComplete="off"
            maxLength={64}
            value={form.values.mrn}
            onChange={(event) => form.set({ mrn: event.currentTarget.value })}
          />
          {similar ? (
            <DuplicateNotice
              found={similar}
              label={t.patients.create.identifyAnyway}
              although={although}
              onAlthough={setAlthough}
            />
          ) : (
            form.error !== null && <ProblemNotice error={form.error} />
          )}
          <FormFoot
            error={null}
            busy={form.busy}
            disabled={similar !== null && !although}
            onCancel={() => {
              form.discard();
              onClose();
            }}
          />
        </Stack>
      </form>
    </Modal>
  );
}
