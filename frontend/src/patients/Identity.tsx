import { ActionIcon, Button, Group, Text, Tooltip } from "@mantine/core";
import { useState } from "react";
import { api, type Schemas } from "../api/client";
import { IconEye, IconEyeOff } from "../kit/icons";
import { t } from "../messages";
import { got, useAction } from "./answers";

/** Who the patient is: hidden until asked for, kept nowhere, gone with the page. */
export function IdentityReveal({ patientId }: { patientId: string }) {
  const [shown, setShown] = useState<Schemas["IdentityRead"] | null>(null);
  const show = useAction(async () => {
    setShown(
      got(
        await api.GET("/api/v1/patients/{patient_id}/identity", {
          params: { path: { patient_id: patientId } },
        }),
      ),
    );
  });
  if (!shown) {
    return (
      <Tooltip label={t.patients.person.hidden}>
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<IconEye size={14} aria-hidden />}
          loading={show.busy}
          onClick={() => show.go()}
        >
          {show.error === null ? t.patients.header.show : t.app.retry}
        </Button>
      </Tooltip>
    );
  }
  return (
    <Group gap="xs" role="status">
      <Text size="sm" fw={600}>
        {shown.name ?? t.patients.header.noName}
      </Text>
      <Text size="sm" className="numbers">
        {shown.mrn ?? t.patients.header.noMrn}
      </Text>
      <ActionIcon
        size="sm"
        variant="subtle"
        color="gray"
        aria-label={t.patients.header.hide}
        onClick={() => setShown(null)}
      >
        <IconEyeOff size={14} aria-hidden />
      </ActionIcon>
    </Group>
  );
}
