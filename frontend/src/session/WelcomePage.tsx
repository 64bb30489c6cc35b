import { Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { api, ProblemError, type Schemas } from "../api/client";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { t } from "../messages";
import { Entrance } from "./Entrance";

type Link = Schemas["LinkRead"];

/** Where one-time links lead: the first user, a new password, a second factor taken away. */
export function WelcomePage() {
  // Behind the #, so that it reaches no server and no log; it does not stay in the address.
  const [secret] = useState(() => window.location.hash.slice(1));
  const [link, setLink] = useState<Link | null>(null);
  const [error, setError] = useState<unknown>(
    secret ? null : new ProblemError({ detail: t.session.noLink }),
  );
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!secret) return;
    api.POST("/api/v1/links/inspect", { body: { secret } }).then(
      ({ data }) => setLink(data ?? null),
      (problem: unknown) => setError(problem),
    );
  }, [secret]);
  return (
    <Entrance title={t.session.welcome}>
      {done ? (
        <>
          <Text role="status">{t.session.linkDone}</Text>
          <Button component="a" href="/sign-in">
            {t.session.signIn}
          </Button>
        </>
      ) : error !== null ? (
        <>
          <ProblemNotice error={error} />
          <Button component="a" href="/sign-in" variant="default">
            {t.session.signIn}
          </Button>
        </>
      ) : link === null ? (
        <Loading label={t.session.lookingAtLink} />
      ) : (
        <LinkForm
          link={link}
          secret={secret}
          onDone={() => {
            window.history.replaceState(null, "", "/welcome");
            setDone(true);
          }}
        />
      )}
    </Entrance>
  );
}

function LinkForm({ link, secret, onDone }: { link: Link; secret: string; onDone: () => void }) {
  const isNew = link.purpose === "setup";
  const chooses = link.purpose !== "totp";
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const different = chooses && again !== "" && again !== password;
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (chooses && again !== password) return;
    setBusy(true);
    setError(null);
    try {
      await api.POST("/api/v1/links/use", {
        body: { secret, password, ...(isNew ? { email, display_name: name } : {}) },
      });
      onDone();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={save}>
      <Stack>
        <Text size="sm">
          {t.session.purposes[link.purpose]} {link.email}
        </Text>
        {isNew && (
          <>
            <TextInput
              label={t.session.emailForSignIn}
              type="email"
              autoComplete="username"
              required
              maxLength={200}
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
            <TextInput
              label={t.session.name}
              autoComplete="name"
              required
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
          </>
        )}
        <PasswordInput
          label={chooses ? t.session.newPassword : t.session.presentPassword}
          description={chooses ? t.session.passwordHint : undefined}
          autoComplete={chooses ? "new-password" : "current-password"}
          required
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {chooses && (
          <PasswordInput
            label={t.session.repeat}
            autoComplete="new-password"
            required
            error={different ? t.session.different : undefined}
            value={again}
            onChange={(event) => setAgain(event.currentTarget.value)}
          />
        )}
        {error !== null && <ProblemNotice error={error} />}
        <Button type="submit" loading={busy} disabled={different}>
          {t.session.save}
        </Button>
      </Stack>
    </form>
  );
}
