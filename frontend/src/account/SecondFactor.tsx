import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api } from "../api/client";
import { notify } from "../kit/notify";
import { t } from "../messages/all";
import { RecoveryCodes } from "../session/RecoveryCodes";
import { Enrolment } from "../session/SignInForm";
import { ProofDialog } from "./ProofDialog";

type Dialog = "enrol" | "codes" | "away" | null;

/** Set up, renew or take away the second factor. */
export function SecondFactor() {
  const [dialog, setDialog] = useState<Dialog>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const close = () => setDialog(null);
  return (
    <Stack gap="sm">
      <Text size="sm">{t.account.secondText}</Text>
      <Group gap="xs">
        <Button variant="default" onClick={() => setDialog("enrol")}>
          {t.account.setUp}
        </Button>
        <Button variant="default" onClick={() => setDialog("codes")}>
          {t.account.newCodes}
        </Button>
        <Button variant="subtle" color="gray" onClick={() => setDialog("away")}>
          {t.account.takeAway}
        </Button>
      </Group>
      <Modal opened={dialog === "enrol"} onClose={close} title={t.account.second}>
        {dialog === "enrol" && <Enrolment onDone={close} />}
      </Modal>
      {dialog === "codes" && (
        <ProofDialog
          title={t.account.newCodes}
          onClose={close}
          onProof={async (password) => {
            const { data } = await api.POST("/api/v1/me/recovery-codes", { body: { password } });
            setCodes(data?.codes ?? null);
            close();
          }}
        />
      )}
      <Modal opened={codes !== null} onClose={() => setCodes(null)} title={t.session.recoveryTitle}>
        {codes && <RecoveryCodes codes={codes} onKept={() => setCodes(null)} />}
      </Modal>
      {dialog === "away" && (
        <ProofDialog
          title={t.account.takeAway}
          onClose={close}
          onProof={async (password) => {
            await api.DELETE("/api/v1/me/totp", { body: { password } });
            notify(t.account.takenAway);
            close();
          }}
        />
      )}
    </Stack>
  );
}
