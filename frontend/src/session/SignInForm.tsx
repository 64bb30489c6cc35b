import { Anchor, Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api, type Schemas } from "../api/client";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages";
import { RecoveryCodes } from "./RecoveryCodes";
import { TotpSecret } from "./TotpSecret";

export type Step = Schemas["Step"];

/** Password, then second factor, then (where the site wants it) the set-up of one. */
export function SignInForm({
  firstStep = "password",
  email: known = "",
  onDone,
}: {
  firstStep?: "password" | Exclude<Step, "none">;
  email?: string;
  onDone: () => void;
}) {
  const [step, setStep] = useState(firstStep);
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState("");
  const next = (missing: Step) => {
    if (missing === "none") onDone();
    else setStep(missing);
  };
  if (step === "code") return <CodeForm onStep={next} onBack={() => setStep("password")} />;
  if (step === "enrol") return <Enrolment known={password} onDone={onDone} />;
  return (
    <PasswordForm
      email={email}
      password={password}
      onEmail={setEmail}
      onPassword={setPassword}
      onStep={next}
    />
  );
}

/** Runs what a form sends, one at a time; keeps the refusal. */
function useSending(send: () => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await send();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, submit };
}

function PasswordForm({
  email,
  password,
  onEmail,
  onPassword,
  onStep,
}: {
  email: string;
  password: string;
  onEmail: (email: string) => void;
  onPassword: (password: string) => void;
  onStep: (step: Step) => void;
}) {
  const { busy, error, submit } = useSending(async () => {
    const { data } = await api.POST("/api/v1/session", { body: { email, password } });
    if (data) onStep(data);
  });
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={t.session.email}
          type="email"
          autoComplete="username"
          required
          autoFocus={!email}
          value={email}
          onChange={(event) => onEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label={t.session.password}
          autoComplete="current-password"
          required
          autoFocus={Boolean(email)}
          value={password}
          onChange={(event) => onPassword(event.currentTarget.value)}
        />
        {error !== null && <ProblemNotice error={error} />}
        <Button type="submit" loading={busy} fullWidth>
          {t.session.signIn}
        </Button>
      </Stack>
    </form>
  );
}

function CodeForm({ onStep, onBack }: { onStep: (step: Step) => void; onBack: () => void }) {
  const [code, setCode] = useState("");
  const { busy, error, submit } = useSending(async () => {
    const { data } = await api.POST("/api/v1/session/second-factor", {
      body: { code: code.replace(/\s/g, "") },
    });
    if (data) onStep(data);
  });
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm">{t.session.codeText}</Text>
        <TextInput
          label={t.session.code}
          autoComplete="one-time-code"
          required
          minLength={6}
          maxLength={20}
          autoFocus
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        {error !== null && <ProblemNotice error={error} />}
        <Button type="submit" loading={busy} fullWidth>
          {t.session.goOn}
        </Button>
        <Anchor component="button" type="button" size="sm" onClick={onBack}>
          {t.session.asSomebodyElse}
        </Anchor>
      </Stack>
    </form>
  );
}

/** The set-up of a second factor: secret, first code, recovery codes. */
export function Enrolment({ known = "", onDone }: { known?: string; onDone: () => void }) {
  const [password, setPassword] = useState(known);
  const [secret, setSecret] = useState<Schemas["TotpSecret"] | null>(null);
  const [code, setCode] = useState("");
  const [codes, setCodes] = useState<string[] | null>(null);
  const { busy, error, submit } = useSending(async () => {
    if (secret === null) {
      const { data } = await api.POST("/api/v1/me/totp", { body: { password } });
      if (data) setSecret(data);
    } else {
      const { data } = await api.POST("/api/v1/me/totp/confirm", {
        body: { code: code.replace(/\s/g, "") },
      });
      if (data) setCodes(data.codes);
    }
  });
  if (codes) return <RecoveryCodes codes={codes} onKept={onDone} />;
  return (
    <form onSubmit={submit}>
      <Stack>
        {secret === null ? (
          <>
            <Text size="sm">{t.session.enrolText}</Text>
            <PasswordInput
              label={t.session.presentPassword}
              autoComplete="current-password"
              required
              data-autofocus
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
          </>
        ) : (
          <>
            <TotpSecret secret={secret} />
            <TextInput
              label={t.session.code}
              autoComplete="one-time-code"
              inputMode="numeric"
              required
              minLength={6}
              maxLength={20}
              autoFocus
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
            />
          </>
        )}
        {error !== null && <ProblemNotice error={error} />}
        <Button type="submit" loading={busy} fullWidth>
          {t.session.goOn}
        </Button>
      </Stack>
    </form>
  );
}
