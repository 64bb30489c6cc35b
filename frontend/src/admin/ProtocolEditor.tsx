import {
  ActionIcon,
  Button,
  Card,
  Checkbox,
  Group,
  NativeSelect,
  NumberInput,
  SimpleGrid,
  Stack,
  Table,
  Text,
  Textarea,
  TextInput,
  Title,
} from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, query, type Schemas } from "../api/client";
import { useDraft, useLeaveWarning } from "../kit/draft";
import { formatInstant } from "../kit/formats";
import { IconArrowDown, IconArrowUp, IconX } from "../kit/icons";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { t } from "../messages/all";

type Protocol = Schemas["Protocol"];
type Movement = Schemas["ProtocolMovement"];
type Version = Schemas["ProtocolVersionRead"];

const NEW: Movement = {
  id: "",
  title: "",
  instruction: "",
  measured_as: null,
  optional: true,
  repetitions: 3,
  rest_before_s: 2,
  movement_s: 3.5,
  rest_after_s: 2,
  min_fps: 30,
};

/** A list with one of its entries moved up or down; at the ends nothing happens. */
export function moved<T>(list: readonly T[], index: number, by: -1 | 1): T[] {
  const next = [...list];
  const [one] = next.splice(index, 1);
  if (one === undefined || index + by < 0 || index + by > next.length) return [...list];
  next.splice(index + by, 0, one);
  return next;
}

/** The movements that visits ask for; saving makes a new version. */
export function ProtocolEditor() {
  const { data, error, refetch } = query.useQuery("get", "/api/v1/protocol");
  if (error) return <ProblemNotice error={error} onRetry={() => refetch()} />;
  if (!data) return <Loading />;
  return <Editor key={data.number} inForce={data} />;
}

interface Draft {
  past: Protocol[];
  present: Protocol;
  future: Protocol[];
}

function Editor({ inForce }: { inForce: Version }) {
  const client = useQueryClient();
  const [initial] = useState<Draft>({ past: [], present: inForce.protocol, future: [] });
  const [draft, setDraft, clear] = useDraft<Draft>(`protocol:${inForce.number}`, initial);
  const [comment, setComment] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const { past, present, future } = draft;
  const unchanged = JSON.stringify(present) === JSON.stringify(inForce.protocol);
  useLeaveWarning(!unchanged);
  const change = (protocol: Protocol) =>
    setDraft({ past: [...past, present].slice(-100), present: protocol, future: [] });
  const edit = (index: number, part: Partial<Movement>) =>
    change({
      ...present,
      movements: present.movements.map((one, i) => (i === index ? { ...one, ...part } : one)),
    });
  const undo = () => {
    const before = past[past.length - 1];
    if (before)
      setDraft({ past: past.slice(0, -1), present: before, future: [present, ...future] });
  };
  const redo = () => {
    const [next, ...rest] = future;
    if (next) setDraft({ past: [...past, present], present: next, future: rest });
  };
  const save = async () => {
    setBusy(true);
    setError(null);
    try {
      await api.POST("/api/v1/protocol/versions", {
        body: { based_on: inForce.number, comment: comment.trim(), protocol: present },
      });
      clear();
      setComment("");
      await client.invalidateQueries({ queryKey: ["get", "/api/v1/protocol"] });
      await client.invalidateQueries({ queryKey: ["get", "/api/v1/protocol/versions"] });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Stack gap="md">
      <Text size="sm">
        {t.admin.versionInForce(inForce.number)} {t.admin.protocolText}
      </Text>
      <TextInput
        label={t.admin.protocolTitle}
        required
        maxLength={120}
        maw={420}
        value={present.title}
        onChange={(event) => change({ ...present, title: event.currentTarget.value })}
      />
      {present.movements.map((movement, index) => (
        <MovementCard
          // biome-ignore lint/suspicious/noArrayIndexKey: ids are typed here, and move with the order
          key={index}
          movement={movement}
          first={index === 0}
          last={index === present.movements.length - 1}
          onEdit={(part) => edit(index, part)}
          onMove={(by) => change({ ...present, movements: moved(present.movements, index, by) })}
          onRemove={() =>
            change({ ...present, movements: present.movements.filter((_, i) => i !== index) })
          }
        />
      ))}
      <Group justify="space-between">
        <Button
          variant="default"
          onClick={() => change({ ...present, movements: [...present.movements, NEW] })}
        >
          {t.admin.addMovement}
        </Button>
        <Group gap="xs">
          <Button variant="default" disabled={past.length === 0} onClick={undo}>
            {t.admin.undo}
          </Button>
          <Button variant="default" disabled={future.length === 0} onClick={redo}>
            {t.admin.redo}
          </Button>
          <Button variant="subtle" color="gray" disabled={unchanged} onClick={() => clear()}>
            {t.admin.drop}
          </Button>
        </Group>
      </Group>
      <TextInput
        label={t.admin.comment}
        maxLength={500}
        value={comment}
        onChange={(event) => setComment(event.currentTarget.value)}
      />
      {error !== null && <ProblemNotice error={error} />}
      <Button w="fit-content" onClick={save} loading={busy} disabled={unchanged}>
        {t.admin.saveProtocol}
      </Button>
      <Versions onLoad={(version) => change(version.protocol)} />
    </Stack>
  );
}

function MovementCard({
  movement,
  first,
  last,
  onEdit,
  onMove,
  onRemove,
}: {
  movement: Movement;
  first: boolean;
  last: boolean;
  onEdit: (part: Partial<Movement>) => void;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
}) {
  const number = (
    label: string,
    part: "repetitions" | "rest_before_s" | "movement_s" | "rest_after_s" | "min_fps",
    min: number,
    max: number,
  ) => (
    <NumberInput
      size="xs"
      label={label}
      min={min}
      max={max}
      value={movement[part]}
      onChange={(value) => {
        if (value !== "") onEdit({ [part]: Number(value) });
      }}
    />
  );
  return (
    <Card withBorder padding="sm" data-testid="movement">
      <Stack gap="xs">
        <Group justify="space-between" align="flex-end" wrap="nowrap">
          <Group align="flex-end" gap="xs">
            <TextInput
              size="xs"
              label={t.admin.movementTitle}
              required
              maxLength={120}
              value={movement.title}
              onChange={(event) => onEdit({ title: event.currentTarget.value })}
            />
            <TextInput
              size="xs"
              label={t.admin.movementId}
              required
              maxLength={40}
              value={movement.id}
              onChange={(event) => onEdit({ id: event.currentTarget.value })}
            />
            <NativeSelect
              size="xs"
              label={t.admin.measuredAs}
              value={movement.measured_as ?? ""}
              data={[
                { value: "", label: t.admin.noMeasure },
                ...Object.entries(t.clinical.movements).map(([value, label]) => ({
                  value,
                  label,
                })),
              ]}
              onChange={(event) => onEdit({ measured_as: event.currentTarget.value || null })}
            />
            <Checkbox
              size="xs"
              pb={6}
              label={t.admin.optional}
              checked={movement.optional}
              onChange={(event) => onEdit({ optional: event.currentTarget.checked })}
            />
          </Group>
          <Group gap={4} wrap="nowrap">
            <ActionIcon
              variant="default"
              aria-label={t.admin.up(movement.title)}
              disabled={first}
              onClick={() => onMove(-1)}
            >
              <IconArrowUp size={14} aria-hidden />
            </ActionIcon>
            <ActionIcon
              variant="default"
              aria-label={t.admin.down(movement.title)}
              disabled={last}
              onClick={() => onMove(1)}
            >
              <IconArrowDown size={14} aria-hidden />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t.admin.removeMovement(movement.title)}
              onClick={onRemove}
            >
              <IconX size={14} aria-hidden />
            </ActionIcon>
          </Group>
        </Group>
        <Textarea
          size="xs"
          label={t.admin.instruction}
          autosize
          maxLength={500}
          value={movement.instruction}
          onChange={(event) => onEdit({ instruction: event.currentTarget.value })}
        />
        <SimpleGrid cols={{ base: 2, sm: 5 }} spacing="xs">
          {number(t.admin.repetitions, "repetitions", 1, 20)}
          {number(t.admin.restBefore, "rest_before_s", 0, 30)}
          {number(t.admin.movementFor, "movement_s", 0.5, 300)}
          {number(t.admin.restAfter, "rest_after_s", 0, 30)}
          {number(t.admin.minFps, "min_fps", 15, 240)}
        </SimpleGrid>
      </Stack>
    </Card>
  );
}

function Versions({ onLoad }: { onLoad: (version: Version) => void }) {
  const { data, error } = query.useQuery("get", "/api/v1/protocol/versions", {
    params: { query: { limit: 25 } },
  });
  if (error) return <ProblemNotice error={error} />;
  if (!data || data.items.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {t.admin.versions}
      </Title>
      <Table aria-label={t.admin.versions} maw={720}>
        <Table.Tbody>
          {data.items.map((version) => (
            <Table.Tr key={version.number}>
              <Table.Td>
                {t.admin.version(version.number)}
                {version.in_force ? ` · ${t.admin.inForce}` : ""}
              </Table.Td>
              <Table.Td>{version.created_at ? formatInstant(version.created_at) : ""}</Table.Td>
              <Table.Td>{version.comment}</Table.Td>
              <Table.Td>
                <Button size="compact-xs" variant="subtle" onClick={() => onLoad(version)}>
                  {t.admin.loadVersion}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}
