// One long recording of the whole protocol: send it, then cut it into takes.

import { Button, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { query, type Schemas } from "../api/client";
import { useLeaveWarning } from "../kit/draft";
import { formatInstant } from "../kit/formats";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { t } from "../messages/all";
import { announce, sendAll, VIEWS } from "./batch";
import { Cutting } from "./Cutting";
import { ArrivingFiles } from "./Files";
import type { Sending, View } from "./sending";
import { Zone } from "./Zone";

type Movement = Schemas["ProtocolMovement"];
type Sendings = Partial<Record<View, Sending>>;

const LOOK_AGAIN_MS = 3_000;

export function Whole({
  visitId,
  movements,
  takes,
  recordingId,
  onRecording,
  onDone,
}: {
  visitId: string;
  movements: Movement[];
  takes: Schemas["TakeRead"][];
  recordingId: string | undefined;
  onRecording: (id: string) => void;
  onDone: () => void;
}) {
  const [begun, setBegun] = useState<{ id: string; sendings: Sendings } | null>(null);
  if (!recordingId) {
    return (
      <Stack>
        <Text fw={600} size="lg" component="h2" m={0}>
          {t.capture.whole.title}
        </Text>
        <Uncut visitId={visitId} takes={takes} onRecording={onRecording} />
        <NewWhole
          visitId={visitId}
          onBegun={(id, sendings) => {
            setBegun({ id, sendings });
            onRecording(id);
          }}
        />
      </Stack>
    );
  }
  return (
    <Stack>
      <ArrivingFiles
        key={recordingId}
        recordingId={recordingId}
        sendings={begun?.id === recordingId ? begun.sendings : {}}
      />
      <Arrived recordingId={recordingId} visitId={visitId} movements={movements} onDone={onDone} />
    </Stack>
  );
}

/** Recordings of the visit that no take lies in yet. */
function Uncut({
  visitId,
  takes,
  onRecording,
}: {
  visitId: string;
  takes: Schemas["TakeRead"][];
  onRecording: (id: string) => void;
}) {
  const recordings = query.useQuery("get", "/api/v1/visits/{visit_id}/recordings", {
    params: { path: { visit_id: visitId } },
  });
  if (recordings.error) {
    return <ProblemNotice error={recordings.error} onRetry={() => recordings.refetch()} />;
  }
  const used = new Set(takes.map((take) => take.recording_id));
  const uncut = (recordings.data ?? []).filter((one) => !one.voided_at && !used.has(one.id));
  if (uncut.length === 0) return null;
  return (
    <Stack gap="xs">
      <Text size="sm">{t.capture.whole.uncut}</Text>
      {uncut.map((one) => (
        <Group key={one.id} gap="sm">
          <Text size="sm" className="numbers">
            {formatInstant(one.recorded_at ?? one.created_at)}
          </Text>
          <Button size="compact-sm" variant="default" onClick={() => onRecording(one.id)}>
            {one.state === "complete" ? t.capture.whole.cutThis : t.capture.resume}
          </Button>
        </Group>
      ))}
    </Stack>
  );
}

function NewWhole({
  visitId,
  onBegun,
}: {
  visitId: string;
  onBegun: (recordingId: string, sendings: Sendings) => void;
}) {
  const client = useQueryClient();
  const [files, setFiles] = useState<Partial<Record<View, File>>>({});
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const views = VIEWS.filter((view) => files[view]);
  useLeaveWarning(views.length > 0);
  const send = async () => {
    setBusy(true);
    setError(null);
    try {
      const recordingId = await announce(visitId, views);
      client.invalidateQueries();
      onBegun(recordingId, sendAll(recordingId, files));
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        {VIEWS.map((view) => (
          <Zone
            key={view}
            view={view}
            file={files[view] ?? null}
            sending={null}
            arrived={false}
            onFile={(file) => setFiles({ ...files, [view]: file ?? undefined })}
          />
        ))}
      </SimpleGrid>
      {error !== null && <ProblemNotice error={error} onRetry={send} />}
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          {views.length === 0 ? t.capture.nothingChosen : t.capture.advice}
        </Text>
        <Button onClick={send} loading={busy} disabled={views.length === 0}>
          {t.capture.send(Math.max(1, views.length))}
        </Button>
      </Group>
    </Stack>
  );
}

/** The time line, once the files are there and a video for browsers was made of one of them. */
function Arrived({
  recordingId,
  visitId,
  movements,
  onDone,
}: {
  recordingId: string;
  visitId: string;
  movements: Movement[];
  onDone: () => void;
}) {
  const recording = query.useQuery(
    "get",
    "/api/v1/recordings/{recording_id}",
    { params: { path: { recording_id: recordingId } } },
    {
      refetchInterval: ({ state }) =>
        state.data?.views.some((view) => view.has_video) ? false : LOOK_AGAIN_MS,
    },
  );
  if (recording.error) {
    return <ProblemNotice error={recording.error} onRetry={() => recording.refetch()} />;
  }
  if (!recording.data) return <Loading />;
  if (recording.data.state !== "complete") return null;
  return (
    <Cutting recording={recording.data} visitId={visitId} movements={movements} onDone={onDone} />
  );
}
