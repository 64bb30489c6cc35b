import {
  Button,
  Checkbox,
  Code,
  CopyButton,
  Group,
  Modal,
  NumberInput,
  PasswordInput,
  SimpleGrid,
  Stack,
  Table,
  Text,
  TextInput,
} from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api, query } from "../api/client";
import { formatInstant } from "../kit/formats";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { t } from "../messages/all";
import { type Permission, useSession } from "../session/session";

const MOST_DAYS = 366;

/** Tokens with which programs act for this person. */
export function Tokens() {
  const { data, error, refetch } = query.useQuery("get", "/api/v1/me/tokens");
  const [making, setMaking] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const revoke = async (id: string) => {
    setFailed(null);
    try {
      await api.DELETE("/api/v1/me/tokens/{token_id}", { params: { path: { token_id: id } } });
      await refetch();
    } catch (problem) {
      setFailed(problem);
    }
  };
  if (error) return <ProblemNotice error={error} onRetry={() => refetch()} />;
  if (!data) return <Loading />;
  return (
    <Stack gap="sm">
      <Text size="sm">{t.account.tokensText}</Text>
      {failed !== null && <ProblemNotice error={failed} />}
      {data.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t.account.noTokens}
        </Text>
      ) : (
        <Table.ScrollContainer minWidth={640}>
          <Table aria-label={t.account.tokens}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t.account.tokenName}</Table.Th>
                <Table.Th>{t.account.scopes}</Table.Th>
                <Table.Th>{t.account.used}</Table.Th>
                <Table.Th>{t.account.ends}</Table.Th>
                <Table.Th />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.map((one) => (
                <Table.Tr key={one.id}>
                  <Table.Td>{one.name}</Table.Td>
                  <Table.Td>
                    <Text size="xs">{one.scopes.join(", ")}</Text>
                  </Table.Td>
                  <Table.Td>
                    {one.last_used_at ? formatInstant(one.last_used_at) : t.account.never}
                  </Table.Td>
                  <Table.Td>{formatInstant(one.expires_at)}</Table.Td>
                  <Table.Td>
                    {one.revoked_at ? (
                      t.account.revoked
                    ) : (
                      <Button size="compact-xs" variant="default" onClick={() => revoke(one.id)}>
                        {t.account.revoke}
                      </Button>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      <Button variant="default" w="fit-content" onClick={() => setMaking(true)}>
        {t.account.newToken}
      </Button>
      {making && (
        <NewToken
          onClose={() => {
            setMaking(false);
            refetch();
          }}
        />
      )}
    </Stack>
  );
}

function NewToken({ onClose }: { onClose: () => void }) {
  const session = useSession();
  const [name, setName] = useState("");
  const [days, setDays] = useState(30);
  const [scopes, setScopes] = useState<Permission[]>([]);
  const [password, setPassword] = useState("");
  const [token, setToken] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const create = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const { data } = await api.POST("/api/v1/me/tokens", {
        body: { name, days, scopes, password },
      });
      setToken(data?.token ?? null);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={t.account.newToken} size="lg">
      {token ? (
        <Stack>
          <Text size="sm">{t.account.tokenOnce}</Text>
          <Code block>{token}</Code>
          <Group justify="flex-end">
            <CopyButton value={token}>
              {({ copied, copy }) => (
                <Button variant="default" onClick={copy}>
                  {copied ? t.account.copied : t.account.copy}
                </Button>
              )}
            </CopyButton>
            <Button onClick={onClose}>{t.account.done}</Button>
          </Group>
        </Stack>
      ) : (
        <form onSubmit={create}>
          <Stack gap="sm">
            <TextInput
              label={t.account.tokenName}
              required
              maxLength={100}
              data-autofocus
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <NumberInput
              label={t.account.days}
              required
              min={1}
              max={MOST_DAYS}
              value={days}
              onChange={(value) => setDays(Number(value))}
            />
            <Checkbox.Group
              label={t.account.scopes}
              value={scopes}
              onChange={(value) => setScopes(value as Permission[])}
            >
              <SimpleGrid cols={2} spacing={4} mt={4}>
                {session.permissions.map((permission) => (
                  <Checkbox key={permission} size="xs" value={permission} label={permission} />
                ))}
              </SimpleGrid>
            </Checkbox.Group>
            <PasswordInput
              label={t.account.current}
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            {error !== null && <ProblemNotice error={error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                {t.app.cancel}
              </Button>
              <Button type="submit" loading={busy} disabled={scopes.length === 0}>
                {t.account.create}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
