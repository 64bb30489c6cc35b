import { Modal, Stack, Textarea } from "@mantine/core";
import { api, ifMatch, type Schemas } from "../api/client";
import { notify } from "../kit/notify";
import { t } from "../messages";
import { got, useRefresh } from "./answers";
import { ConflictNotice } from "./ConflictNotice";
import { FormFoot } from "./FormFoot";
import { filled } from "./fields";
import { HiddenPart } from "./HiddenPart";
import { useRevision } from "./revision";
import { Facts } from "./Section";

interface Typed {
  contact: string;
  notes: string;
}

const words = t.patients.fields;

async function load(patientId: string): Promise<Schemas["ContactRead"]> {
  return got(
    await api.GET("/api/v1/patients/{patient_id}/contact", {
      params: { path: { patient_id: patientId } },
    }),
  );
}

function storedOf(contact: Schemas["ContactRead"]) {
  return {
    values: { contact: contact.contact ?? "", notes: contact.notes ?? "" },
    version: contact.version,
  };
}

/** How to reach the patient, and notes: hidden until asked for. */
export function ContactSection({ patientId, mayEdit }: { patientId: string; mayEdit: boolean }) {
  return (
    <HiddenPart
      title={t.patients.person.contact}
      mayEdit={mayEdit}
      load={() => load(patientId)}
      show={(contact) => (
        <Facts
          facts={[
            [words.contact, contact.contact ?? t.patients.person.empty],
            [words.notes, contact.notes ?? t.patients.person.empty],
          ]}
        />
      )}
      edit={(contact, onSaved, onClose) => (
        <ContactForm contact={contact} onSaved={onSaved} onClose={onClose} />
      )}
    />
  );
}

function ContactForm({
  contact,
  onSaved,
  onClose,
}: {
  contact: Schemas["ContactRead"];
  onSaved: (contact: Schemas["ContactRead"]) => void;
  onClose: () => void;
}) {
  const refresh = useRefresh();
  const form = useRevision<Typed>({
    draft: `contact.${contact.id}`,
    stored: storedOf(contact),
    save: async (values, version) =>
      onSaved(
        got(
          await api.PUT("/api/v1/patients/{patient_id}/contact", {
            params: { path: { patient_id: contact.id }, header: ifMatch(version) },
            body: { contact: filled(values.contact), notes: filled(values.notes) },
          }),
        ),
      ),
    load: async () => storedOf(await load(contact.id)),
  });
  return (
    <Modal opened onClose={onClose} title={t.patients.person.contact}>
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
            labels={{ contact: words.contact, notes: words.notes }}
            onTake={form.take}
          />
          <Textarea
            label={words.contact}
            data-autofocus
            autosize
            minRows={2}
            maxLength={10_000}
            value={form.values.contact}
            onChange={(event) => form.set({ contact: event.currentTarget.value })}
          />
          <Textarea
            label={words.notes}
            autosize
            minRows={3}
            maxLength={10_000}
            value={form.values.notes}
            onChange={(event) => form.set({ notes: event.currentTarget.value })}
          />
          <FormFoot
            error={form.error}
            busy={form.busy}
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
