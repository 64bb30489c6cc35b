import { Badge, Button, Group, Stack, Table, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { query, type Schemas } from "../api/client";
import { Pager } from "../kit/Pager";
import { ProblemNotice } from "../kit/Problem";
import { Empty, Loading } from "../kit/States";
import { t } from "../messages/all";
import { LinkOnce } from "./LinkOnce";
import { UserDialog } from "./UserDialog";

export type User = Schemas["UserRead"];

const LIMIT = 25;
const SETTLE_MS = 250;

/** Who may sign in, and as what. */
export function Users() {
  const [typed, setTyped] = useState("");
  const [q] = useDebouncedValue(typed.trim(), SETTLE_MS);
  const [offset, setOffset] = useState(0);
  const [dialog, setDialog] = useState<User | "new" | null>(null);
  const [link, setLink] = useState<Schemas["LinkCreated"] | null>(null);
  const client = useQueryClient();
  const { data, error, isPending, refetch } = query.useQuery(
    "get",
    "/api/v1/users",
    { params: { query: { limit: LIMIT, offset, ...(q ? { q } : {}) } } },
    { placeholderData: keepPreviousData },
  );
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <TextInput
          aria-label={t.admin.search}
          placeholder={t.admin.search}
          type="search"
          w={320}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            setOffset(0);
          }}
        />
        <Button onClick={() => setDialog("new")}>{t.admin.newUser}</Button>
      </Group>
      {error ? (
        <ProblemNotice error={error} onRetry={() => refetch()} />
      ) : isPending ? (
        <Loading />
      ) : data.items.length === 0 ? (
        <Empty title={t.admin.noUsers} />
      ) : (
        <Table.ScrollContainer minWidth={720}>
          <Table aria-label={t.admin.places.users}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t.admin.name}</Table.Th>
                <Table.Th>{t.admin.email}</Table.Th>
                <Table.Th>{t.admin.role}</Table.Th>
                <Table.Th>{t.admin.state}</Table.Th>
                <Table.Th />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.items.map((user) => (
                <Table.Tr key={user.id}>
                  <Table.Td>{user.display_name}</Table.Td>
                  <Table.Td>{user.email}</Table.Td>
                  <Table.Td>
                    {user.roles.map((role) => t.admin.roles[role] ?? role).join(", ")}
                  </Table.Td>
                  <Table.Td>
                    <Group gap={4}>
                      <Tag>{user.disabled_at ? t.admin.disabled : t.admin.active}</Tag>
                      {!user.has_password && <Tag>{t.admin.noPassword}</Tag>}
                      {user.has_second_factor && <Tag>{t.admin.secondFactor}</Tag>}
                    </Group>
                  </Table.Td>
                  <Table.Td>
                    <Button
                      size="compact-xs"
                      variant="default"
                      aria-label={`${t.admin.edit}: ${user.display_name}`}
                      onClick={() => setDialog(user)}
                    >
                      {t.admin.edit}
                    </Button>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      <Pager offset={offset} limit={LIMIT} total={data?.total ?? 0} onOffset={setOffset} />
      {dialog && (
        <UserDialog
          user={dialog === "new" ? null : dialog}
          onClose={() => setDialog(null)}
          onLink={setLink}
          onChanged={() => client.invalidateQueries({ queryKey: ["get", "/api/v1/users"] })}
        />
      )}
      <LinkOnce link={link} onClose={() => setLink(null)} />
    </Stack>
  );
}

function Tag({ children }: { children: string }) {
  return (
    <Badge variant="light" color="gray" tt="none">
      <Text span size="xs" c="var(--mantine-color-text)">
        {children}
      </Text>
    </Badge>
  );
}
