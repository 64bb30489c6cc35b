import { Button, Group, Modal, NumberInput, Select, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api, query, type Schemas } from "../api/client";
import { formatInstant } from "../kit/formats";
import { IconPlus } from "../kit/icons";
import { notify } from "../kit/notify";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages";
import { useSession } from "../session/session";
import { useAction, useRefresh } from "./answers";
import { useColleagues } from "./colleagues";
import { FormFoot } from "./FormFoot";
import { Section } from "./Section";

const words = t.patients.invitations;
const USUAL_DAYS = 14;
const MOST_DAYS = 90;

/** Colleagues of other teams who see the patient until a day. */
export function Invitations({ patientId, active }: { patientId: string; active: boolean }) {
  const nameOf = useColleagues();
  const [inviting, setInviting] = useState(false);
  const [ending, setEnding] = useState<Schemas["InvitationRead"] | null>(null);
  const found = query.useQuery("get", "/api/v1/patients/{patient_id}/invitations", {
    params: { path: { patient_id: patientId } },
  });
  const inForce = (one: Schemas["InvitationRead"]) =>
    one.revoked_at === null && Date.parse(one.expires_at) > Date.now();
  const now = found.data?.filter(inForce) ?? [];
  const earlier = found.data?.filter((one) => !inForce(one)) ?? [];
  return (
    <Section
      title={words.title}
      action={
        active && (
          <Button
            size="compact-sm"
            variant="subtle"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => setInviting(true)}
          >
            {words.invite}
          </Button>
        )
      }
    >
      {found.error && <ProblemNotice error={found.error} onRetry={() => found.refetch()} />}
      {found.data && now.length === 0 && (
        <Text size="sm" c="dimmed">
          {words.none}
        </Text>
      )}
      {now.map((one) => (
        <Group key={one.id} justify="space-between">
          <Text size="sm">
            {nameOf(one.user_id)}{" "}
            <Text span c="dimmed">
              {words.until(formatInstant(one.expires_at))}
            </Text>
          </Text>
          <Button size="compact-sm" variant="default" onClick={() => setEnding(one)}>
            {words.revoke}
          </Button>
        </Group>
      ))}
      {earlier.length > 0 && (
        <Text size="xs" c="dimmed">
          {words.earlier}:{" "}
          {earlier
            .map(
              (one) =>
                `${nameOf(one.user_id)} (${words.until(formatInstant(one.revoked_at ?? one.expires_at))})`,
            )
            .join("; ")}
        </Text>
      )}
      {inviting && <InviteDialog patientId={patientId} onClose={() => setInviting(false)} />}
      {ending && (
        <EndDialog
          invitation={ending}
          name={nameOf(ending.user_id)}
          onClose={() => setEnding(null)}
        />
      )}
    </Section>
  );
}

function InviteDialog({ patientId, onClose }: { patientId: string; onClose: () => void }) {
  const session = useSession();
  const refresh = useRefresh();
  const colleagues = query.useQuery("get", "/api/v1/colleagues", {}, { staleTime: 300_000 });
  const [userId, setUserId] = useState<string | null>(null);
  const [days, setDays] = useState<number | string>(USUAL_DAYS);
  const candidates = (colleagues.data ?? []).filter(
    (one) =>
      one.id !== session.user_id &&
      one.roles.some((role) => role === "clinician" || role === "therapist"),
  );
  const valid = userId !== null && Number(days) >= 1 && Number(days) <= MOST_DAYS;
  const invite = useAction(async () => {
    if (userId === null) return;
    await api.POST("/api/v1/patients/{patient_id}/invitations", {
      params: { path: { patient_id: patientId } },
      body: { user_id: userId, days: Number(days) },
    });
    await refresh();
    notify(words.invited(candidates.find((one) => one.id === userId)?.display_name ?? ""));
    onClose();
  });
  return (
    <Modal opened onClose={onClose} title={words.invite}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (valid) invite.go();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{words.explanation}</Text>
          <Select
            label={words.colleague}
            required
            searchable
            data-autofocus
            data={candidates.map((one) => ({ value: one.id, label: one.display_name }))}
            value={userId}
            onChange={setUserId}
          />
          <NumberInput
            label={words.days}
            description={words.daysHint}
            required
            min={1}
            max={MOST_DAYS}
            allowDecimal={false}
            value={days}
            onChange={setDays}
          />
          <FormFoot
            error={invite.error}
            busy={invite.busy}
            action={words.invite}
            disabled={!valid}
            onCancel={onClose}
          />
        </Stack>
      </form>
    </Modal>
  );
}

function EndDialog({
  invitation,
  name,
  onClose,
}: {
  invitation: Schemas["InvitationRead"];
  name: string;
  onClose: () => void;
}) {
  const refresh = useRefresh();
  const end = useAction(async () => {
    await api.DELETE("/api/v1/invitations/{invitation_id}", {
      params: { path: { invitation_id: invitation.id } },
    });
    await refresh();
    notify(words.revoked);
    onClose();
  });
  return (
    <Modal opened onClose={onClose} title={words.revokeTitle}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          end.go();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{words.revokeText(name)}</Text>
          <FormFoot error={end.error} busy={end.busy} action={words.revoke} onCancel={onClose} />
        </Stack>
      </form>
    </Modal>
  );
}
