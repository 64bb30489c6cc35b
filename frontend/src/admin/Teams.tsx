import {
  ActionIcon,
  Badge,
  Button,
  Card,
  Group,
  NativeSelect,
  Stack,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ifMatch, query, type Schemas } from "../api/client";
import { IconX } from "../kit/icons";
import { ProblemNotice } from "../kit/Problem";
import { Empty, Loading } from "../kit/States";
import { t } from "../messages/all";

type Team = Schemas["backend__teams__schemas__TeamRead"];

/** Care teams and who is in them: patients are seen by their teams. */
export function Teams() {
  const client = useQueryClient();
  const { data, error, isPending, refetch } = query.useQuery("get", "/api/v1/teams");
  const [name, setName] = useState("");
  const [failed, setFailed] = useState<unknown>(null);
  const refresh = () => client.invalidateQueries({ queryKey: ["get", "/api/v1/teams"] });
  const create = async (event: FormEvent) => {
    event.preventDefault();
    setFailed(null);
    try {
      await api.POST("/api/v1/teams", { body: { name: name.trim() } });
      setName("");
      await refresh();
    } catch (problem) {
      setFailed(problem);
    }
  };
  if (error) return <ProblemNotice error={error} onRetry={() => refetch()} />;
  if (isPending) return <Loading />;
  return (
    <Stack>
      <form onSubmit={create}>
        <Group align="flex-end">
          <TextInput
            label={t.admin.teamName}
            required
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button type="submit" disabled={!name.trim()}>
            {t.admin.newTeam}
          </Button>
        </Group>
      </form>
      {failed !== null && <ProblemNotice error={failed} />}
      {data.length === 0 ? (
        <Empty title={t.admin.noTeams} text={t.admin.noTeamsText} />
      ) : (
        data.map((team) => <TeamCard key={team.id} team={team} onChanged={refresh} />)
      )}
    </Stack>
  );
}

function TeamCard({ team, onChanged }: { team: Team; onChanged: () => Promise<void> }) {
  const colleagues = query.useQuery("get", "/api/v1/users", {
    params: { query: { active: true, limit: 200 } },
  });
  const [error, setError] = useState<unknown>(null);
  const run = async (what: () => Promise<unknown>) => {
    setError(null);
    try {
      await what();
      await onChanged();
    } catch (problem) {
      setError(problem);
    }
  };
  const members = new Set(team.members.map((one) => one.id));
  const others = (colleagues.data?.items ?? []).filter((one) => !members.has(one.id));
  const path = (userId: string) => ({
    params: { path: { team_id: team.id, user_id: userId } },
  });
  return (
    <Card withBorder padding="sm" data-testid="team">
      <Stack gap="xs">
        <Group justify="space-between">
          <Group gap="xs">
            <Title order={2} size="h5">
              {team.name}
            </Title>
            {team.archived_at && (
              <Badge variant="light" color="gray" tt="none">
                {t.admin.archived}
              </Badge>
            )}
          </Group>
          <Button
            size="compact-xs"
            variant="subtle"
            color="gray"
            onClick={() =>
              run(() =>
                api.PATCH("/api/v1/teams/{team_id}", {
                  params: { path: { team_id: team.id }, header: ifMatch(team.version) },
                  body: { archived: !team.archived_at },
                }),
              )
            }
          >
            {team.archived_at ? t.admin.restore : t.admin.archive}
          </Button>
        </Group>
        <Group gap="xs">
          {team.members.length === 0 && (
            <Text size="sm" c="dimmed">
              {t.admin.noMembers}
            </Text>
          )}
          {team.members.map((one) => (
            <Group key={one.id} gap={2}>
              <Text size="sm">{one.display_name}</Text>
              <ActionIcon
                size="sm"
                variant="subtle"
                color="gray"
                aria-label={t.admin.removeMember(one.display_name)}
                onClick={() =>
                  run(() => api.DELETE("/api/v1/teams/{team_id}/members/{user_id}", path(one.id)))
                }
              >
                <IconX size={14} aria-hidden />
              </ActionIcon>
            </Group>
          ))}
        </Group>
        {!team.archived_at && (
          <NativeSelect
            size="xs"
            w={280}
            aria-label={`${t.admin.addMember}: ${team.name}`}
            value=""
            data={[
              { value: "", label: t.admin.addMember },
              ...others.map((one) => ({ value: one.id, label: one.display_name })),
            ]}
            onChange={(event) => {
              const id = event.currentTarget.value;
              if (id) run(() => api.PUT("/api/v1/teams/{team_id}/members/{user_id}", path(id)));
            }}
          />
        )}
        {error !== null && <ProblemNotice error={error} />}
      </Stack>
    </Card>
  );
}
