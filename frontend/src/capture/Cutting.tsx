// Cuts a long recording that has arrived: watch it, move the edges, name the movements, make takes.

import {
  ActionIcon,
  Button,
  Group,
  NativeSelect,
  NumberInput,
  Stack,
  Table,
  Text,
} from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { api, type Schemas } from "../api/client";
import { useDraft } from "../kit/draft";
import { formatClock } from "../kit/formats";
import { IconPlayerPlay, IconX } from "../kit/icons";
import { ProblemNotice } from "../kit/Problem";
import { useShortcuts } from "../kit/shortcuts";
import { t } from "../messages/all";
import camera from "./Cameras.module.css";
import { CutLine } from "./CutLine";
import { type Cut, cutAt, type Edge, laidOut, moved } from "./cuts";

type Movement = Schemas["ProtocolMovement"];
type Recording = Schemas["RecordingRead"];

const words = t.capture.whole;

export function Cutting({
  recording,
  visitId,
  movements,
  onDone,
}: {
  recording: Recording;
  visitId: string;
  movements: Movement[];
  onDone: () => void;
}) {
  const client = useQueryClient();
  const video = useRef<HTMLVideoElement>(null);
  const until = useRef<number | null>(null);
  const [atS, setAtS] = useState(0);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const shown =
    recording.views.find((view) => view.view === "center" && view.has_video) ??
    recording.views.find((view) => view.has_video);
  const lengthS = Math.max(0, ...recording.views.map((view) => view.duration_s ?? 0));
  // The video's own clock to the recording's common one.
  const offsetS = (shown && recording.offsets_s[shown.view]) ?? 0;
  const proposed = useMemo(() => laidOut(movements, lengthS), [movements, lengthS]);
  const [cuts, setCuts, clear] = useDraft<Cut[]>(`cuts:${recording.id}`, proposed);
  const titles = new Map(movements.map((one) => [one.id, one.title]));
  const titleOf = (movement: string) => titles.get(movement) ?? movement;
  const seek = (seconds: number) => {
    setAtS(seconds);
    until.current = null;
    if (video.current) video.current.currentTime = Math.max(0, seconds - offsetS);
  };
  const play = (cut: Cut) => {
    seek(cut.startS);
    until.current = cut.endS;
    video.current?.play();
  };
  const split = () => {
    const movement = movements.find((one) => !cuts.some((cut) => cut.movement === one.id));
    const fresh = {
      id: crypto.randomUUID(),
      movement: (movement ?? movements[0])?.id ?? "",
    };
    const next = cutAt(cuts, atS, lengthS, fresh);
    if (next) setCuts(next);
  };
  useShortcuts(words.shortcuts, [
    {
      keys: "Space",
      label: words.playPause,
      run: () => (video.current?.paused ? video.current.play() : video.current?.pause()),
    },
    { keys: "C", label: words.cutHere, run: split },
  ]);
  const open = cuts.filter((cut) => !cut.takeId);
  const make = async () => {
    setBusy(true);
    setError(null);
    let done = cuts;
    try {
      for (const cut of open) {
        const { data } = await api.POST("/api/v1/visits/{visit_id}/takes", {
          params: { path: { visit_id: visitId } },
          body: {
            movement: cut.movement,
            recording_id: recording.id,
            start_s: cut.startS,
            end_s: cut.endS,
          },
        });
        // What was made is not made again after trouble.
        done = done.map((one) => (one.id === cut.id ? { ...one, takeId: data?.id ?? "" } : one));
        setCuts(done);
      }
      clear();
      onDone();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
      client.invalidateQueries();
    }
  };
  if (lengthS === 0) return <Text size="sm">{words.noLength}</Text>;
  return (
    <Stack gap="sm" data-testid="cutting">
      <Text size="sm">{words.text}</Text>
      {shown ? (
        // biome-ignore lint/a11y/useMediaCaption: nobody speaks in it
        <video
          ref={video}
          src={`/api/v1/recordings/${recording.id}/views/${shown.view}/video`}
          className={camera.video}
          style={{ maxHeight: 320 }}
          controls
          playsInline
          aria-label={t.clinical.views[shown.view]}
          onTimeUpdate={(event) => {
            const now = event.currentTarget.currentTime + offsetS;
            setAtS(now);
            if (until.current !== null && now >= until.current) {
              until.current = null;
              event.currentTarget.pause();
            }
          }}
        />
      ) : (
        <Text size="sm" role="status">
          {words.preparing}
        </Text>
      )}
      <CutLine
        cuts={cuts}
        lengthS={lengthS}
        atS={atS}
        titleOf={titleOf}
        onCuts={setCuts}
        onSeek={seek}
      />
      <Group justify="space-between">
        <Text size="xs" c="dimmed" className="numbers">
          {words.position(formatClock(atS, true), formatClock(lengthS, true))}
        </Text>
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={() => setCuts(proposed)} disabled={busy}>
            {words.propose}
          </Button>
          <Button size="xs" variant="default" onClick={split} disabled={busy}>
            {words.cutHere}
          </Button>
        </Group>
      </Group>
      <Cuts
        cuts={cuts}
        movements={movements}
        lengthS={lengthS}
        playable={shown !== undefined}
        titleOf={titleOf}
        onCuts={setCuts}
        onPlay={play}
      />
      {error !== null && <ProblemNotice error={error} onRetry={make} />}
      <Group justify="flex-end">
        <Button onClick={make} loading={busy} disabled={open.length === 0}>
          {words.make(open.length)}
        </Button>
      </Group>
    </Stack>
  );
}

/** The same cuts as a table: exact times, movements, and a way to take one out. */
function Cuts({
  cuts,
  movements,
  lengthS,
  playable,
  titleOf,
  onCuts,
  onPlay,
}: {
  cuts: Cut[];
  movements: Movement[];
  lengthS: number;
  playable: boolean;
  titleOf: (movement: string) => string;
  onCuts: (cuts: Cut[]) => void;
  onPlay: (cut: Cut) => void;
}) {
  if (cuts.length === 0) return <Text size="sm">{words.none}</Text>;
  const options = movements.map((one) => ({ value: one.id, label: one.title }));
  const edge = (cut: Cut, which: Edge) => (
    <NumberInput
      size="xs"
      w={96}
      className="numbers"
      aria-label={words.edge[which](titleOf(cut.movement))}
      value={which === "start" ? cut.startS : cut.endS}
      decimalScale={1}
      fixedDecimalScale
      step={0.1}
      suffix=" s"
      disabled={cut.takeId !== undefined}
      onChange={(value) => onCuts(moved(cuts, cut.id, which, Number(value), lengthS))}
    />
  );
  return (
    <Table aria-label={words.table} verticalSpacing={4}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{words.movement}</Table.Th>
          <Table.Th w={110}>{words.from}</Table.Th>
          <Table.Th w={110}>{words.to}</Table.Th>
          <Table.Th w={80} aria-label={words.actions} />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {cuts.map((cut) => (
          <Table.Tr key={cut.id}>
            <Table.Td>
              <NativeSelect
                size="xs"
                aria-label={words.movement}
                data={options}
                value={cut.movement}
                disabled={cut.takeId !== undefined}
                onChange={(event) => {
                  const movement = event.currentTarget.value;
                  onCuts(cuts.map((one) => (one.id === cut.id ? { ...one, movement } : one)));
                }}
              />
            </Table.Td>
            <Table.Td>{edge(cut, "start")}</Table.Td>
            <Table.Td>{edge(cut, "end")}</Table.Td>
            <Table.Td>
              <Group gap={4} wrap="nowrap">
                <ActionIcon
                  variant="subtle"
                  disabled={!playable}
                  aria-label={words.play(titleOf(cut.movement))}
                  onClick={() => onPlay(cut)}
                >
                  <IconPlayerPlay size={16} aria-hidden />
                </ActionIcon>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  disabled={cut.takeId !== undefined}
                  aria-label={words.remove(titleOf(cut.movement))}
                  onClick={() => onCuts(cuts.filter((one) => one.id !== cut.id))}
                >
                  <IconX size={16} aria-hidden />
                </ActionIcon>
              </Group>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
