import { Modal, Select, SimpleGrid, Stack, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, ifMatch, type Schemas } from "../api/client";
import { formatDay } from "../kit/formats";
import { t } from "../messages";
import { got, useRefresh } from "./answers";
import { ConflictNotice } from "./ConflictNotice";
import { FormFoot } from "./FormFoot";
import { filled } from "./fields";
import { useRevision } from "./revision";

type Kind = Schemas["EventKind"];
const KINDS: Kind[] = ["surgery", "injection", "therapy", "medication", "other"];

interface Typed {
  kind: Kind;
  happened_on: string;
  title: string;
  details: string;
}

const BLANK: Typed = { kind: "injection", happened_on: "", title: "", details: "" };

function valuesOf(event: Schemas["EventRead"]): Typed {
  return {
    kind: event.kind,
    happened_on: event.happened_on,
    title: event.title,
    details: event.details ?? "",
  };
}

interface Props {
  episodeId: string;
  /** The one to edit; a new one without it. */
  event?: Schemas["EventRead"];
  onClose: () => void;
}

/** Something that happened or is planned in an episode. */
export function EventDialog({ opened, ...props }: Props & { opened: boolean }) {
  return (
    <Modal
      opened={opened}
      onClose={props.onClose}
      title={props.event ? t.patients.events.edit : t.patients.events.new}
    >
      <EventForm {...props} />
    </Modal>
  );
}

function EventForm({ episodeId, event, onClose }: Props) {
  const refresh = useRefresh();
  const [tried, setTried] = useState(false);
  const words = t.patients.events;
  const form = useRevision<Typed>({
    draft: `event.${event?.id ?? episodeId}`,
    stored: event
      ? { values: valuesOf(event), version: event.version }
      : { values: BLANK, version: 0 },
    save: (values, version) => {
      const body = {
        kind: values.kind,
        happened_on: values.happened_on,
        title: values.title.trim(),
        details: filled(values.details),
      };
      return event
        ? api.PUT("/api/v1/events/{event_id}", {
            params: { path: { event_id: event.id }, header: ifMatch(version) },
            body,
          })
        : api.POST("/api/v1/episodes/{episode_id}/events", {
            params: { path: { episode_id: episodeId } },
            body,
          });
    },
    load: async () => {
      const { items } = got(
        await api.GET("/api/v1/episodes/{episode_id}/events", {
          params: { path: { episode_id: episodeId }, query: { limit: 200, include_void: true } },
        }),
      );
      const newest = items.find((one) => one.id === event?.id);
      return newest
        ? { values: valuesOf(newest), version: newest.version }
        : { values: BLANK, version: 0 };
    },
  });
  const { values } = form;
  return (
    <form
      noValidate
      onSubmit={async (submitted) => {
        submitted.preventDefault();
        setTried(true);
        if (!values.happened_on || !values.title.trim()) return;
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
            kind: words.kind,
            happened_on: words.day,
            title: words.title,
            details: words.details,
          }}
          say={(value, field) =>
            field === "kind"
              ? (words.kinds[String(value)] ?? String(value))
              : field === "happened_on"
                ? formatDay(String(value))
                : String(value)
          }
          onTake={form.take}
        />
        <SimpleGrid cols={2} spacing="sm">
          <Select
            label={words.kind}
            allowDeselect={false}
            data={KINDS.map((value) => ({ value, label: words.kinds[value] ?? value }))}
            value={values.kind}
            onChange={(kind) => kind && form.set({ kind: kind as Kind })}
          />
          <TextInput
            type="date"
            label={words.day}
            required
            value={values.happened_on}
            error={tried && !values.happened_on && t.patients.act.dayNeeded}
            onChange={(changed) => form.set({ happened_on: changed.currentTarget.value })}
          />
        </SimpleGrid>
        <TextInput
          label={words.title}
          description={words.titleHint}
          required
          data-autofocus
          maxLength={200}
          value={values.title}
          error={tried && !values.title.trim() && t.patients.act.textNeeded}
          onChange={(changed) => form.set({ title: changed.currentTarget.value })}
        />
        <Textarea
          label={words.details}
          autosize
          minRows={2}
          maxLength={10_000}
          value={values.details}
          onChange={(changed) => form.set({ details: changed.currentTarget.value })}
        />
        <FormFoot
          error={form.error}
          busy={form.busy}
          action={event ? t.app.save : t.patients.act.create}
          onCancel={() => {
            form.discard();
            onClose();
          }}
        />
      </Stack>
    </form>
  );
}
