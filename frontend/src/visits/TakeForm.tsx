import { Checkbox, Modal, NumberInput, Select, SimpleGrid, Stack, Text } from "@mantine/core";
import { api, ifMatch, type Schemas } from "../api/client";
import { notify } from "../kit/notify";
import { t } from "../messages";
import { got, useRefresh } from "../patients/answers";
import { ConflictNotice } from "../patients/ConflictNotice";
import { FormFoot } from "../patients/FormFoot";
import { useRevision } from "../patients/revision";
import type { Take } from "./standing";

interface Typed {
  movement: string;
  start_s: number | null;
  end_s: number | null;
}

const words = t.visits.takeForm;

function valuesOf(take: Take): Typed {
  return { movement: take.movement, start_s: take.start_s, end_s: take.end_s };
}

/** Corrects which movement a take is and where it lies in its recording. */
export function TakeDialog({
  take,
  movements,
  onClose,
}: {
  take: Take;
  movements: readonly Schemas["ProtocolMovement"][];
  onClose: () => void;
}) {
  const refresh = useRefresh();
  const path = { take_id: take.id };
  const form = useRevision<Typed>({
    draft: `take.${take.id}`,
    stored: { values: valuesOf(take), version: take.version },
    save: (values, version) =>
      api.PUT("/api/v1/takes/{take_id}", {
        params: { path, header: ifMatch(version) },
        body: { ...values, recording_id: take.recording_id },
      }),
    load: async () => {
      const newest = got(await api.GET("/api/v1/takes/{take_id}", { params: { path } }));
      return { values: valuesOf(newest), version: newest.version };
    },
  });
  const { values } = form;
  const whole = values.start_s === null && values.end_s === null;
  const wrong =
    !whole && (values.start_s === null || values.end_s === null || values.end_s <= values.start_s);
  const choices = movements.map((movement) => ({ value: movement.id, label: movement.title }));
  const title = (id: unknown) => choices.find((choice) => choice.value === id)?.label ?? String(id);
  const seconds = (value: number | string) => (typeof value === "number" ? value : null);
  return (
    <Modal opened onClose={onClose} title={words.title(take.number)}>
      <form
        noValidate
        onSubmit={async (event) => {
          event.preventDefault();
          if (wrong) return;
          if (await form.submit()) {
            await refresh();
            notify(words.saved);
            onClose();
          }
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{words.text}</Text>
          <ConflictNotice
            differences={form.differences}
            labels={{ movement: words.movement, start_s: words.start, end_s: words.end }}
            say={(value, field) => (field === "movement" ? title(value) : String(value))}
            onTake={form.take}
          />
          <Select
            label={words.movement}
            allowDeselect={false}
            data-autofocus
            data={choices}
            value={values.movement}
            onChange={(movement) => movement && form.set({ movement })}
          />
          {take.recording_id && (
            <>
              <Checkbox
                label={words.whole}
                checked={whole}
                onChange={(event) =>
                  form.set(
                    event.currentTarget.checked
                      ? { start_s: null, end_s: null }
                      : { start_s: take.start_s ?? 0, end_s: take.end_s ?? 4 },
                  )
                }
              />
              {!whole && (
                <SimpleGrid cols={2} spacing="sm">
                  <NumberInput
                    label={words.start}
                    min={0}
                    step={0.1}
                    decimalScale={2}
                    value={values.start_s ?? ""}
                    onChange={(value) => form.set({ start_s: seconds(value) })}
                  />
                  <NumberInput
                    label={words.end}
                    min={0}
                    step={0.1}
                    decimalScale={2}
                    value={values.end_s ?? ""}
                    error={wrong && words.spanWrong}
                    onChange={(value) => form.set({ end_s: seconds(value) })}
                  />
                </SimpleGrid>
              )}
            </>
          )}
          <FormFoot
            error={form.error}
            busy={form.busy}
            disabled={wrong || !form.changed}
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
