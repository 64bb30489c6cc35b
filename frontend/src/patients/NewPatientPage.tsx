import {
  Button,
  Fieldset,
  Group,
  Select,
  SimpleGrid,
  Stack,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "../api/client";
import { useDraft } from "../kit/draft";
import { notify } from "../kit/notify";
import { Page } from "../kit/Page";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages";
import { useSession } from "../session/session";
import { got, useAction, useRefresh } from "./answers";
import { DuplicateNotice } from "./DuplicateNotice";
import { resemblanceOf } from "./duplicates";
import { birthYearTrouble, filled, pseudonymTrouble, SEXES, type Sex } from "./fields";
import { TeamPicker } from "./TeamPicker";

const BLANK = {
  name: "",
  mrn: "",
  pseudonym: "",
  birth_year: "",
  sex: "unknown" as Sex,
  contact: "",
  notes: "",
  teams: null as string[] | null,
};

/** A new record; warned when it looks like one that is there. */
export function NewPatientPage() {
  const session = useSession();
  const navigate = useNavigate();
  const refresh = useRefresh();
  const [typed, setTyped, forget] = useDraft("patients.new", BLANK);
  const [although, setAlthough] = useState(false);
  const [tried, setTried] = useState(false);
  const set = (change: Partial<typeof BLANK>) => {
    setTyped({ ...typed, ...change });
    create.forget();
    setAlthough(false);
  };
  const teams = typed.teams ?? (session.team_ids.length === 1 ? session.team_ids : []);
  const trouble = {
    pseudonym: pseudonymTrouble(typed.pseudonym, false),
    birth_year: birthYearTrouble(typed.birth_year, new Date().getFullYear()),
    teams: teams.length === 0 ? t.patients.person.teamNeeded : undefined,
  };
  const nobody = !filled(typed.name) && !filled(typed.mrn) && !filled(typed.pseudonym);

  const create = useAction(async () => {
    const patient = got(
      await api.POST("/api/v1/patients", {
        body: {
          name: filled(typed.name),
          mrn: filled(typed.mrn),
          pseudonym: filled(typed.pseudonym),
          birth_year: filled(typed.birth_year) ? Number(typed.birth_year) : null,
          sex: typed.sex,
          contact: filled(typed.contact),
          notes: filled(typed.notes),
          team_ids: teams,
          although_similar: although,
        },
      }),
    );
    forget();
    await refresh();
    notify(t.patients.create.done(patient.pseudonym));
    await navigate({ to: "/patients/$patientId", params: { patientId: patient.id } });
  });
  const similar = resemblanceOf(create.error);

  const submit = () => {
    setTried(true);
    if (nobody || trouble.pseudonym || trouble.birth_year || trouble.teams) return;
    create.go();
  };

  return (
    <Page title={t.patients.create.title} back={{ label: t.patients.title, to: "/patients" }}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack maw={720}>
          <Fieldset legend={t.patients.create.who}>
            <Stack gap="sm">
              <Text size="sm" c="dimmed">
                {t.patients.create.whoHint}
              </Text>
              <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
                <TextInput
                  label={t.patients.fields.name}
                  autoComplete="off"
                  autoFocus
                  maxLength={200}
                  value={typed.name}
                  onChange={(event) => set({ name: event.currentTarget.value })}
                />
                <TextInput
                  label={t.patients.fields.mrn}
                  autoComplete="off"
                  maxLength={64}
                  value={typed.mrn}
                  onChange={(event) => set({ mrn: event.currentTarget.value })}
                />
              </SimpleGrid>
              <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
                <Textarea
                  label={t.patients.fields.contact}
                  autosize
                  minRows={2}
                  maxLength={10_000}
                  value={typed.contact}
                  onChange={(event) => set({ contact: event.currentTarget.value })}
                />
                <Textarea
                  label={t.patients.fields.notes}
                  autosize
                  minRows={2}
                  maxLength={10_000}
                  value={typed.notes}
                  onChange={(event) => set({ notes: event.currentTarget.value })}
                />
              </SimpleGrid>
            </Stack>
          </Fieldset>
          <Fieldset legend={t.patients.create.record}>
            <Stack gap="sm">
              <Text size="sm" c="dimmed">
                {t.patients.create.recordHint}
              </Text>
              <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
                <TextInput
                  label={t.patients.fields.birth_year}
                  inputMode="numeric"
                  maxLength={4}
                  value={typed.birth_year}
                  error={tried && trouble.birth_year}
                  onChange={(event) => set({ birth_year: event.currentTarget.value })}
                />
                <Select
                  label={t.patients.fields.sex}
                  allowDeselect={false}
                  data={SEXES.map((sex) => ({ value: sex, label: t.patients.sexes[sex] ?? sex }))}
                  value={typed.sex}
                  onChange={(sex) => sex && set({ sex: sex as Sex })}
                />
              </SimpleGrid>
              <TextInput
                label={t.patients.fields.pseudonym}
                description={t.patients.fields.pseudonymHint}
                autoComplete="off"
                maxLength={32}
                value={typed.pseudonym}
                error={tried && trouble.pseudonym}
                onChange={(event) => set({ pseudonym: event.currentTarget.value })}
              />
              <TeamPicker
                required
                value={teams}
                onChange={(next) => set({ teams: next })}
                error={tried ? trouble.teams : undefined}
              />
            </Stack>
          </Fieldset>
          {tried && nobody && (
            <Text size="sm" role="alert">
              {t.patients.create.nobody}
            </Text>
          )}
          {similar ? (
            <DuplicateNotice
              found={similar}
              label={t.patients.create.somebodyElse}
              although={although}
              onAlthough={setAlthough}
            />
          ) : (
            create.error !== null && <ProblemNotice error={create.error} />
          )}
          <Group justify="space-between">
            <Text size="xs" c="dimmed">
              {t.patients.create.kept}
            </Text>
            <Group gap="xs">
              <Button
                variant="default"
                onClick={() => {
                  forget();
                  create.forget();
                  setTried(false);
                }}
              >
                {t.patients.create.discard}
              </Button>
              <Button type="submit" loading={create.busy} disabled={similar !== null && !although}>
                {t.patients.create.submit}
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Page>
  );
}
