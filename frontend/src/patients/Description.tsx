import { Button, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, ifMatch, type Schemas } from "../api/client";
import { notify } from "../kit/notify";
import { t } from "../messages";
import { got, useRefresh } from "./answers";
import { ConflictNotice } from "./ConflictNotice";
import { FormFoot } from "./FormFoot";
import { birthYearTrouble, pseudonymTrouble, SEXES, type Sex } from "./fields";
import { useRevision } from "./revision";
import { Facts, Section } from "./Section";

interface Typed {
  pseudonym: string;
  birth_year: string;
  sex: Sex;
}

const words = t.patients.fields;

function valuesOf(patient: Schemas["PatientRead"]): Typed {
  return {
    pseudonym: patient.pseudonym,
    birth_year: patient.birth_year?.toString() ?? "",
    sex: patient.sex,
  };
}

/** What everybody in the care team sees of a patient. */
export function DescriptionSection({
  patient,
  mayEdit,
}: {
  patient: Schemas["PatientRead"];
  mayEdit: boolean;
}) {
  const [editing, setEditing] = useState(false);
  const close = () => setEditing(false);
  return (
    <Section
      title={t.patients.person.description}
      action={
        mayEdit && (
          <Button size="compact-sm" variant="subtle" onClick={() => setEditing(true)}>
            {t.patients.act.edit}
          </Button>
        )
      }
    >
      <Facts
        facts={[
          [words.pseudonym, patient.pseudonym],
          [words.birth_year, patient.birth_year ?? t.patients.person.empty],
          [words.sex, t.patients.sexes[patient.sex]],
        ]}
      />
      <Modal opened={editing} onClose={close} title={t.patients.person.description}>
        <DescriptionForm patient={patient} onClose={close} />
      </Modal>
    </Section>
  );
}

function DescriptionForm({
  patient,
  onClose,
}: {
  patient: Schemas["PatientRead"];
  onClose: () => void;
}) {
  const refresh = useRefresh();
  const path = { patient_id: patient.id };
  const form = useRevision<Typed>({
    draft: `description.${patient.id}`,
    stored: { values: valuesOf(patient), version: patient.version },
    save: (values, version) =>
      api.PUT("/api/v1/patients/{patient_id}", {
        params: { path, header: ifMatch(version) },
        body: {
          pseudonym: values.pseudonym.trim(),
          birth_year: values.birth_year.trim() ? Number(values.birth_year) : null,
          sex: values.sex,
        },
      }),
    load: async () => {
      const newest = got(await api.GET("/api/v1/patients/{patient_id}", { params: { path } }));
      return { values: valuesOf(newest), version: newest.version };
    },
  });
  const { values } = form;
  const trouble = {
    pseudonym: pseudonymTrouble(values.pseudonym, true),
    birth_year: birthYearTrouble(values.birth_year, new Date().getFullYear()),
  };
  return (
    <form
      noValidate
      onSubmit={async (event) => {
        event.preventDefault();
        if (trouble.pseudonym || trouble.birth_year) return;
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
          labels={{ pseudonym: words.pseudonym, birth_year: words.birth_year, sex: words.sex }}
          say={(value, field) =>
            field === "sex" ? (t.patients.sexes[String(value)] ?? String(value)) : String(value)
          }
          onTake={form.take}
        />
        <TextInput
          label={words.pseudonym}
          description={words.pseudonymForm}
          required
          data-autofocus
          maxLength={32}
          value={values.pseudonym}
          error={trouble.pseudonym}
          onChange={(event) => form.set({ pseudonym: event.currentTarget.value })}
        />
        <TextInput
          label={words.birth_year}
          inputMode="numeric"
          maxLength={4}
          value={values.birth_year}
          error={trouble.birth_year}
          onChange={(event) => form.set({ birth_year: event.currentTarget.value })}
        />
        <Select
          label={words.sex}
          allowDeselect={false}
          data={SEXES.map((sex) => ({ value: sex, label: t.patients.sexes[sex] ?? sex }))}
          value={values.sex}
          onChange={(sex) => sex && form.set({ sex: sex as Sex })}
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
  );
}
