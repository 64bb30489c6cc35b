import { Button, Checkbox, Group, Modal, Stack, Switch, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api, ifMatch, query, type Schemas } from "../api/client";
import { notify } from "../kit/notify";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages/all";
import type { User } from "./Users";

type Role = Schemas["Role"];

/** Make a user (a link for the password follows), or change one. */
export function UserDialog({
  user,
  onClose,
  onLink,
  onChanged,
}: {
  user: User | null;
  onClose: () => void;
  onLink: (link: Schemas["LinkCreated"] | null) => void;
  onChanged: () => void;
}) {
  const [name, setName] = useState(user?.display_name ?? "");
  const [email, setEmail] = useState(user?.email ?? "");
  const [roles, setRoles] = useState<Role[]>(user?.roles ?? []);
  const [teams, setTeams] = useState<string[]>(user?.team_ids ?? []);
  const [disabled, setDisabled] = useState(Boolean(user?.disabled_at));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const known = query.useQuery("get", "/api/v1/teams");
  const run = async (what: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    try {
      await what();
      onChanged();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const link = async (id: string, purpose: Schemas["LinkPurpose"]) => {
    const { data } = await api.POST("/api/v1/users/{user_id}/links", {
      params: { path: { user_id: id } },
      body: { purpose },
    });
    onLink(data ?? null);
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    run(async () => {
      if (user) {
        await api.PATCH("/api/v1/users/{user_id}", {
          params: { path: { user_id: user.id }, header: ifMatch(user.version) },
          body: { display_name: name, email, roles, disabled },
        });
      } else {
        const { data } = await api.POST("/api/v1/users", {
          body: { display_name: name, email, roles, team_ids: teams },
        });
        if (data) await link(data.id, "password");
      }
      onClose();
    });
  };
  return (
    <Modal opened onClose={onClose} title={user ? t.admin.edit : t.admin.newUser} size="lg">
      <form onSubmit={save}>
        <Stack>
          <TextInput
            label={t.admin.name}
            required
            maxLength={100}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TextInput
            label={t.admin.email}
            type="email"
            required
            maxLength={254}
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <Checkbox.Group
            label={t.admin.role}
            value={roles}
            onChange={(value) => setRoles(value as Role[])}
          >
            <Group mt={4}>
              {Object.entries(t.admin.roles).map(([role, label]) => (
                <Checkbox key={role} value={role} label={label} />
              ))}
            </Group>
          </Checkbox.Group>
          {!user && (
            <Checkbox.Group label={t.admin.team} value={teams} onChange={setTeams}>
              <Group mt={4}>
                {(known.data ?? [])
                  .filter((team) => !team.archived_at)
                  .map((team) => (
                    <Checkbox key={team.id} value={team.id} label={team.name} />
                  ))}
              </Group>
            </Checkbox.Group>
          )}
          {user && (
            <>
              <Switch
                label={t.admin.disable}
                checked={disabled}
                onChange={(event) => setDisabled(event.currentTarget.checked)}
              />
              <Group gap="xs">
                <Button
                  size="xs"
                  variant="default"
                  onClick={() => run(() => link(user.id, "password"))}
                >
                  {t.admin.passwordLink}
                </Button>
                {user.has_second_factor && (
                  <Button
                    size="xs"
                    variant="default"
                    onClick={() => run(() => link(user.id, "totp"))}
                  >
                    {t.admin.totpLink}
                  </Button>
                )}
                <Button
                  size="xs"
                  variant="default"
                  onClick={() =>
                    run(async () => {
                      await api.DELETE("/api/v1/users/{user_id}/sessions", {
                        params: { path: { user_id: user.id } },
                      });
                      notify(t.admin.ended);
                    })
                  }
                >
                  {t.admin.endSessions}
                </Button>
              </Group>
            </>
          )}
          {error !== null && <ProblemNotice error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t.app.cancel}
            </Button>
            <Button type="submit" loading={busy} disabled={roles.length === 0}>
              {t.app.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
