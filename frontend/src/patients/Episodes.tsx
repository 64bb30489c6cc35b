import { ActionIcon, Badge, Button, Card, Group, Menu, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { api, type Schemas } from "../api/client";
import { formatDay } from "../kit/formats";
import { IconDots, IconPlus } from "../kit/icons";
import { notify } from "../kit/notify";
import { ReasonDialog } from "../kit/Reason";
import { tell } from "../kit/tell";
import { notifyUndo } from "../kit/undo";
import { t } from "../messages";
import { useRefresh } from "./answers";
import { EpisodeDialog } from "./EpisodeForm";
import { EventDialog } from "./EventForm";

type Episode = Schemas["EpisodeRead"];
type Event = Schemas["EventRead"];

/** An illness of the face with what happened in it. */
export function EpisodeCard({
  episode,
  events,
  mayWrite,
}: {
  episode: Episode;
  events: Event[];
  mayWrite: boolean;
}) {
  const refresh = useRefresh();
  const [doing, setDoing] = useState<"edit" | "void" | "event" | null>(null);
  const words = t.patients.episodes;
  const path = { params: { path: { episode_id: episode.id } } };
  const bringBack = async () => {
    await api.POST("/api/v1/episodes/{episode_id}/unvoid", path);
    await refresh();
    notify(t.patients.act.broughtBack);
  };
  const isVoid = episode.voided_at !== null;
  return (
    <Card withBorder padding="sm">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div>
          <Group gap="xs">
            <Title order={3} size="h5">
              {episode.cause}
            </Title>
            {isVoid && (
              <Badge variant="outline" color="gray" tt="none" fw={500}>
                {t.patients.act.outOfUse}
              </Badge>
            )}
          </Group>
          <Text size="sm">{words.sides[episode.affected_side]}</Text>
          <Text size="sm" c="dimmed">
            {episode.onset_on ? words.since(formatDay(episode.onset_on)) : words.noOnset}
            {episode.closed_on && `, ${words.until(formatDay(episode.closed_on))}`}
          </Text>
          {episode.notes && (
            <Text size="sm" mt={4} lineClamp={4}>
              {episode.notes}
            </Text>
          )}
          {episode.void_reason && (
            <Text size="sm" c="dimmed">
              {episode.void_reason}
            </Text>
          )}
        </div>
        {mayWrite && (
          <Menu>
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" aria-label={words.actions(episode.cause)}>
                <IconDots size={16} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              {isVoid ? (
                <Menu.Item onClick={() => tell(bringBack)}>{t.patients.act.bringBack}</Menu.Item>
              ) : (
                <>
                  <Menu.Item onClick={() => setDoing("edit")}>{t.patients.act.edit}</Menu.Item>
                  <Menu.Item onClick={() => setDoing("void")}>{t.patients.act.void}</Menu.Item>
                </>
              )}
            </Menu.Dropdown>
          </Menu>
        )}
      </Group>
      <Stack gap={2} mt="xs">
        {events.map((event) => (
          <EventLine key={event.id} event={event} mayWrite={mayWrite && !isVoid} />
        ))}
        {events.length === 0 && (
          <Text size="sm" c="dimmed">
            {t.patients.events.none}
          </Text>
        )}
        {mayWrite && !isVoid && (
          <Button
            size="compact-sm"
            variant="subtle"
            w="fit-content"
            ml={-8}
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => setDoing("event")}
          >
            {t.patients.events.new}
          </Button>
        )}
      </Stack>
      <EpisodeDialog
        opened={doing === "edit"}
        patientId={episode.patient_id}
        episode={episode}
        onClose={() => setDoing(null)}
      />
      <EventDialog
        opened={doing === "event"}
        episodeId={episode.id}
        onClose={() => setDoing(null)}
      />
      <ReasonDialog
        title={words.void}
        text={words.voidText}
        action={t.patients.act.void}
        opened={doing === "void"}
        onClose={() => setDoing(null)}
        onConfirm={async (reason) => {
          await api.POST("/api/v1/episodes/{episode_id}/void", { ...path, body: { reason } });
          await refresh();
          notifyUndo(words.voided, bringBack);
        }}
      />
    </Card>
  );
}

function EventLine({ event, mayWrite }: { event: Event; mayWrite: boolean }) {
  const refresh = useRefresh();
  const [doing, setDoing] = useState<"edit" | "void" | null>(null);
  const words = t.patients.events;
  const path = { params: { path: { event_id: event.id } } };
  const bringBack = async () => {
    await api.POST("/api/v1/events/{event_id}/unvoid", path);
    await refresh();
    notify(t.patients.act.broughtBack);
  };
  const isVoid = event.voided_at !== null;
  return (
    <Group wrap="nowrap" gap="xs" align="flex-start">
      <Text size="sm" c="dimmed" className="numbers" miw={88}>
        {formatDay(event.happened_on)}
      </Text>
      <div style={{ flex: 1 }}>
        <Text size="sm">
          {words.kinds[event.kind]}: {event.title}
          {isVoid && ` (${t.patients.act.outOfUse})`}
        </Text>
        {event.details && (
          <Text size="xs" c="dimmed" lineClamp={3}>
            {event.details}
          </Text>
        )}
      </div>
      {mayWrite && (
        <Menu>
          <Menu.Target>
            <ActionIcon
              size="sm"
              variant="subtle"
              color="gray"
              aria-label={words.actions(event.title)}
            >
              <IconDots size={14} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {isVoid ? (
              <Menu.Item onClick={() => tell(bringBack)}>{t.patients.act.bringBack}</Menu.Item>
            ) : (
              <>
                <Menu.Item onClick={() => setDoing("edit")}>{t.patients.act.edit}</Menu.Item>
                <Menu.Item onClick={() => setDoing("void")}>{t.patients.act.void}</Menu.Item>
              </>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
      <EventDialog
        opened={doing === "edit"}
        episodeId={event.episode_id}
        event={event}
        onClose={() => setDoing(null)}
      />
      <ReasonDialog
        title={words.void}
        text={words.voidText}
        action={t.patients.act.void}
        opened={doing === "void"}
        onClose={() => setDoing(null)}
        onConfirm={async (reason) => {
          await api.POST("/api/v1/events/{event_id}/void", { ...path, body: { reason } });
          await refresh();
          notifyUndo(words.voided, bringBack);
        }}
      />
    </Group>
  );
}
