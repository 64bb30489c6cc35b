import {
  Autocomplete,
  Modal,
  SegmentedControl,
  SimpleGrid,
  Stack,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useState } from "react";
import { api, ifMatch, type Schemas } from "../api/client";
import { formatDay, today } from "../kit/formats";
import { notify } from "../kit/notify";
import { t } from "../messages";
import { got, useRefresh } from "./answers";
import { ConflictNotice } from "./ConflictNotice";
import { FormFoot } from "./FormFoot";
import { filled } from "./fields";
import { useRevision } from "./revision";

type Side = Schemas["AffectedSide"];
const SIDES: Side[] = ["left", "right", "both", "none"];

interface Typed {
  affected_side: Side;
  cause: string;
  onset_on: string;
  closed_on: string;
  notes: string;
}

const BLANK: Typed = { affected_side: "left", cause: "", onset_on: "", closed_on: "", notes: "" };

function valuesOf(episode: Schemas["EpisodeRead"]): Typed {
  return {
    affected_side: episode.affected_side,
    cause: episode.cause,
    onset_on: episode.onset_on ?? "",
    closed_on: episode.closed_on ?? "",
    notes: episode.notes ?? "",
  };
}

interface Props {
  patientId: string;
  /** The one to edit; a new one without it. */
  episode?: Schemas["EpisodeRead"];
  onClose: () => void;
}

/** A new episode, or what an episode says. */
export function EpisodeDialog({ opened, ...props }: Props & { opened: boolean }) {
  return (
    <Modal
      opened={opened}
      onClose={props.onClose}
      size="lg"
      title={props.episode ? t.patients.episodes.edit : t.patients.episodes.new}
    >
      <EpisodeForm {...props} />
    </Modal>
  );
}

function EpisodeForm({ patientId, episode, onClose }: Props) {
  const refresh = useRefresh();
  const [tried, setTried] = useState(false);
  const words = t.patients.episodes;
  const form = useRevision<Typed>({
    draft: `episode.${episode?.id ?? patientId}`,
    stored: episode
      ? { values: valuesOf(episode), version: episode.version }
      : { values: BLANK, version: 0 },
    save: async (values, version) => {
      const body = {
        affected_side: values.affected_side,
        cause: values.cause.trim(),
        onset_on: values.onset_on || null,
        closed_on: values.closed_on || null,
        notes: filled(values.notes),
      };
      if (!episode) {
        await api.POST("/api/v1/patients/{patient_id}/episodes", {
          params: { path: { patient_id: patientId } },
          body,
        });
        return;
      }
      const saved = got(
        await api.PUT("/api/v1/episodes/{episode_id}", {
          params: { path: { episode_id: episode.id }, header: ifMatch(version) },
          body,
        }),
      );
      notify(saved.remeasured > 0 ? words.remeasured(saved.remeasured) : t.patients.act.saved);
    },
    load: async () => {
      const newest = got(
        await api.GET("/api/v1/episodes/{episode_id}", {
          params: { path: { episode_id: episode?.id ?? "" } },
        }),
      );
      return { values: valuesOf(newest), version: newest.version };
    },
  });
  const { values } = form;
  const noCause = !values.cause.trim();
  const order = Boolean(values.onset_on && values.closed_on && values.closed_on < values.onset_on);
  return (
    <form
      noValidate
      onSubmit={async (event) => {
        event.preventDefault();
        setTried(true);
        if (noCause || order) return;
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
            affected_side: words.side,
            cause: words.cause,
            onset_on: words.onset,
            closed_on: words.closed,
            notes: words.notes,
          }}
          say={(value, field) =>
            field === "affected_side"
              ? (words.sideWords[String(value)] ?? String(value))
              : field === "onset_on" || field === "closed_on"
                ? formatDay(String(value))
                : String(value)
          }
          onTake={form.take}
        />
        <div>
          <Text size="sm" fw={500} id="episode-side">
            {words.side}
          </Text>
          <Text size="xs" c="dimmed" mb={4}>
            {words.sideHint}
          </Text>
          <SegmentedControl
            fullWidth
            aria-labelledby="episode-side"
            data={SIDES.map((value) => ({ value, label: words.sideWords[value] ?? value }))}
            value={values.affected_side}
            onChange={(value) => form.set({ affected_side: value as Side })}
          />
          {episode && values.affected_side !== episode.affected_side && (
            <Text size="xs" mt={4}>
              {words.sideWarning}
            </Text>
          )}
        </div>
        <Autocomplete
          label={words.cause}
          description={words.causeHint}
          required
          data-autofocus
          openOnFocus={false}
          data={words.causes}
          maxLength={200}
          value={values.cause}
          error={tried && noCause && t.patients.act.textNeeded}
          onChange={(cause) => form.set({ cause })}
        />
        <SimpleGrid cols={2} spacing="sm">
          <TextInput
            type="date"
            label={words.onset}
            max={today()}
            value={values.onset_on}
            onChange={(event) => form.set({ onset_on: event.currentTarget.value })}
          />
          <TextInput
            type="date"
            label={words.closed}
            min={values.onset_on}
            value={values.closed_on}
            error={order && words.orderWrong}
            onChange={(event) => form.set({ closed_on: event.currentTarget.value })}
          />
        </SimpleGrid>
        <Textarea
          label={words.notes}
          autosize
          minRows={2}
          maxLength={10_000}
          value={values.notes}
          onChange={(event) => form.set({ notes: event.currentTarget.value })}
        />
        <FormFoot
          error={form.error}
          busy={form.busy}
          action={episode ? t.app.save : t.patients.act.create}
          onCancel={() => {
            form.discard();
            onClose();
          }}
        />
      </Stack>
    </form>
  );
}
