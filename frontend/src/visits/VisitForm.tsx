import { Modal, Select, SimpleGrid, Stack, Textarea, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, ifMatch, query, type Schemas } from "../api/client";
import { formatDay, today } from "../kit/formats";
import { notify } from "../kit/notify";
import { t } from "../messages";
import { got, useRefresh } from "../patients/answers";
import { ConflictNotice } from "../patients/ConflictNotice";
import { FormFoot } from "../patients/FormFoot";
import { filled } from "../patients/fields";
import { useRevision } from "../patients/revision";
import { instantOf, timeOf } from "./instants";

interface Typed {
  visited_on: string;
  time: string;
  title: string;
  episode_id: string;
  notes: string;
}

const NONE = "none";

function valuesOf(visit: Schemas["VisitRead"]): Typed {
  return {
    visited_on: visit.visited_on,
    time: timeOf(visit.started_at),
    title: visit.title,
    episode_id: visit.episode_id ?? NONE,
    notes: visit.notes ?? "",
  };
}

interface Props {
  patientId: string;
  /** The one to edit; a new one without it. */
  visit?: Schemas["VisitRead"];
  onClose: () => void;
}

/** A new visit, or what a visit says; opens with the episodes, since a new visit belongs to one. */
export function VisitDialog({ opened, ...props }: Props & { opened: boolean }) {
  const episodes = query.useQuery(
    "get",
    "/api/v1/patients/{patient_id}/episodes",
    {
      params: { path: { patient_id: props.patientId }, query: { limit: 200, include_void: false } },
    },
    { enabled: opened },
  );
  return (
    <Modal
      opened={opened && !episodes.isPending}
      onClose={props.onClose}
      title={props.visit ? t.visits.form.edit : t.visits.form.new}
    >
      <VisitForm {...props} episodes={episodes.data?.items ?? []} />
    </Modal>
  );
}

function VisitForm({
  patientId,
  visit,
  episodes,
  onClose,
}: Props & { episodes: Schemas["EpisodeRead"][] }) {
  const refresh = useRefresh();
  const navigate = useNavigate();
  const [tried, setTried] = useState(false);
  const [made, setMade] = useState<string | null>(null);
  const words = t.visits.form;
  const [stored] = useState(() =>
    visit
      ? { values: valuesOf(visit), version: visit.version }
      : {
          values: {
            visited_on: today(),
            time: timeOf(new Date()),
            title: "",
            episode_id: episodes.find((episode) => episode.closed_on === null)?.id ?? NONE,
            notes: "",
          },
          version: 0,
        },
  );
  const form = useRevision<Typed>({
    draft: `visit.${visit?.id ?? patientId}`,
    stored,
    save: async (values, version) => {
      const shared = {
        title: values.title.trim(),
        episode_id: values.episode_id === NONE ? null : values.episode_id,
        notes: filled(values.notes),
        visited_on: values.visited_on,
      };
      const started_at = instantOf(values.visited_on, values.time);
      if (!visit) {
        const created = got(
          await api.POST("/api/v1/patients/{patient_id}/visits", {
            params: { path: { patient_id: patientId } },
            body: { ...shared, started_at },
          }),
        );
        setMade(created.id);
        await navigate({ to: "/visits/$visitId", params: { visitId: created.id } });
        return;
      }
      const untouched =
        values.visited_on === visit.visited_on && values.time === timeOf(visit.started_at);
      const saved = got(
        await api.PUT("/api/v1/visits/{visit_id}", {
          params: { path: { visit_id: visit.id }, header: ifMatch(version) },
          // Seconds are not shown, so they are not lost by an edit of something else.
          body: { ...shared, started_at: untouched ? visit.started_at : started_at },
        }),
      );
      notify(
        saved.remeasured > 0
          ? t.patients.episodes.remeasured(saved.remeasured)
          : t.patients.act.saved,
      );
    },
    load: async () => {
      const newest = got(
        await api.GET("/api/v1/visits/{visit_id}", {
          params: { path: { visit_id: visit?.id ?? "" } },
        }),
      );
      return { values: valuesOf(newest), version: newest.version };
    },
  });
  const { values } = form;
  const episodeName = (id: string) => {
    const episode = episodes.find((one) => one.id === id);
    return episode
      ? words.episodeLine(episode.cause, t.patients.episodes.sides[episode.affected_side] ?? "")
      : words.noEpisode;
  };
  return (
    <form
      noValidate
      onSubmit={async (event) => {
        event.preventDefault();
        setTried(true);
        if (!values.visited_on || !values.time) return;
        if (await form.submit()) {
          await refresh();
          onClose();
        }
      }}
    >
      <Stack gap="sm">
        <ConflictNotice
          differences={form.differences}
          labels={{
            visited_on: words.day,
            time: words.time,
            title: words.title,
            episode_id: words.episode,
            notes: words.notes,
          }}
          say={(value, field) =>
            field === "visited_on"
              ? formatDay(String(value))
              : field === "episode_id"
                ? episodeName(String(value))
                : String(value)
          }
          onTake={form.take}
        />
        <SimpleGrid cols={2} spacing="sm">
          <TextInput
            type="date"
            label={words.day}
            required
            max={today()}
            value={values.visited_on}
            error={tried && !values.visited_on && t.patients.act.dayNeeded}
            onChange={(event) => form.set({ visited_on: event.currentTarget.value })}
          />
          <TextInput
            type="time"
            label={words.time}
            required
            value={values.time}
            error={tried && !values.time && words.timeNeeded}
            onChange={(event) => form.set({ time: event.currentTarget.value })}
          />
        </SimpleGrid>
        <TextInput
          label={words.title}
          description={words.titleHint}
          data-autofocus
          maxLength={200}
          value={values.title}
          onChange={(event) => form.set({ title: event.currentTarget.value })}
        />
        <Select
          label={words.episode}
          description={words.episodeHint}
          allowDeselect={false}
          data={[
            ...episodes.map((episode) => ({ value: episode.id, label: episodeName(episode.id) })),
            { value: NONE, label: words.noEpisode },
          ]}
          value={values.episode_id}
          onChange={(value) => value && form.set({ episode_id: value })}
        />
        <Textarea
          label={words.notes}
          description={words.notesHint}
          autosize
          minRows={3}
          maxLength={10_000}
          value={values.notes}
          onChange={(event) => form.set({ notes: event.currentTarget.value })}
        />
        <FormFoot
          error={form.error}
          busy={form.busy || made !== null}
          action={visit ? t.app.save : words.begin}
          onCancel={() => {
            form.discard();
            onClose();
          }}
        />
      </Stack>
    </form>
  );
}
