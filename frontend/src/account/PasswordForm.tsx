import { Button, PasswordInput, Stack } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api } from "../api/client";
import { notify } from "../kit/notify";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages/all";

const EMPTY = { current: "", next: "", again: "" };

export function PasswordForm() {
  const [typed, setTyped] = useState(EMPTY);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const different = typed.again !== "" && typed.again !== typed.next;
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (typed.again !== typed.next) return;
    setBusy(true);
    setError(null);
    try {
      await api.POST("/api/v1/me/password", { body: { current: typed.current, new: typed.next } });
      setTyped(EMPTY);
      notify(t.account.changed);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const field = (name: keyof typeof EMPTY, label: string, hint?: string, wrong?: string) => (
    <PasswordInput
      label={label}
      description={hint}
      error={wrong}
      required
      autoComplete={name === "current" ? "current-password" : "new-password"}
      value={typed[name]}
      onChange={(event) => setTyped({ ...typed, [name]: event.currentTarget.value })}
    />
  );
  return (
    <form onSubmit={save}>
      <Stack gap="sm">
        {field("current", t.account.current)}
        {field("next", t.account.new, t.session.passwordHint)}
        {field("again", t.account.again, undefined, different ? t.session.different : undefined)}
        {error !== null && <ProblemNotice error={error} />}
        <Button type="submit" loading={busy} disabled={different} w="fit-content">
          {t.account.change}
        </Button>
      </Stack>
    </form>
  );
}
