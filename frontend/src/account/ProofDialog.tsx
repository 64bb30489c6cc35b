import { Button, Group, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages/all";

/** Asks for the password once more, before something that matters. */
export function ProofDialog({
  title,
  onClose,
  onProof,
}: {
  title: string;
  onClose: () => void;
  onProof: (password: string) => Promise<unknown>;
}) {
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const go = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await onProof(password);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={title}>
      <form onSubmit={go}>
        <Stack>
          <Text size="sm">{t.account.proof}</Text>
          <PasswordInput
            label={t.account.current}
            autoComplete="current-password"
            required
            data-autofocus
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          {error !== null && <ProblemNotice error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t.app.cancel}
            </Button>
            <Button type="submit" loading={busy}>
              {t.session.goOn}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
