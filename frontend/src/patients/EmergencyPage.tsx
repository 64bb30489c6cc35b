import { Alert, Button, Group, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "../api/client";
import { useDraft } from "../kit/draft";
import { IconLock } from "../kit/icons";
import { Page } from "../kit/Page";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages";
import { useSession } from "../session/session";
import { got, useAction, useRefresh } from "./answers";
import { rememberOpened } from "./opened";

const BLANK = { identifier: "", reason: "" };
const SHORTEST_REASON = 10;

/** Opens a foreign record with a reason; the look-up answers yes or no and nothing else. */
export function EmergencyPage() {
  const session = useSession();
  const navigate = useNavigate();
  const refresh = useRefresh();
  const [typed, setTyped, forget] = useDraft("patients.emergency", BLANK);
  const [found, setFound] = useState<boolean | null>(null);
  const identifier = typed.identifier.trim();
  const reason = typed.reason.trim();

  const lookUp = useAction(async () => {
    setFound(null);
    const answer = got(await api.POST("/api/v1/break-glass/look-up", { body: { identifier } }));
    setFound(answer.exists);
  });
  const open = useAction(async () => {
    const opened = got(await api.POST("/api/v1/break-glass", { body: { identifier, reason } }));
    rememberOpened(session.user_id, opened.patient_id, opened.expires_at, Date.now());
    forget();
    await refresh();
    await navigate({ to: "/patients/$patientId", params: { patientId: opened.patient_id } });
  });

  return (
    <Page title={t.patients.emergency.title} back={{ label: t.patients.title, to: "/patients" }}>
      <Stack maw={560}>
        <Alert variant="light" color="orange" icon={<IconLock aria-hidden />}>
          {t.patients.emergency.explanation}
        </Alert>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (identifier) lookUp.go();
          }}
        >
          <Group align="flex-end" gap="sm">
            <TextInput
              flex={1}
              label={t.patients.emergency.identifier}
              autoComplete="off"
              spellCheck={false}
              autoFocus
              maxLength={100}
              value={typed.identifier}
              onChange={(event) => {
                setTyped({ ...typed, identifier: event.currentTarget.value });
                setFound(null);
              }}
            />
            <Button type="submit" variant="default" loading={lookUp.busy} disabled={!identifier}>
              {t.patients.emergency.ask}
            </Button>
          </Group>
        </form>
        {lookUp.error !== null && <ProblemNotice error={lookUp.error} />}
        <Text role="status" size="sm" fw={500}>
          {found === true && t.patients.emergency.yes}
          {found === false && t.patients.emergency.no}
        </Text>
        {found && (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (reason.length >= SHORTEST_REASON) open.go();
            }}
          >
            <Stack>
              <Textarea
                label={t.patients.emergency.reason}
                description={t.patients.emergency.reasonHint}
                required
                autosize
                minRows={2}
                maxLength={1000}
                value={typed.reason}
                onChange={(event) => setTyped({ ...typed, reason: event.currentTarget.value })}
              />
              {open.error !== null && <ProblemNotice error={open.error} />}
              <Group justify="flex-end">
                <Button
                  type="submit"
                  loading={open.busy}
                  disabled={reason.length < SHORTEST_REASON}
                >
                  {t.patients.emergency.open}
                </Button>
              </Group>
            </Stack>
          </form>
        )}
      </Stack>
    </Page>
  );
}
