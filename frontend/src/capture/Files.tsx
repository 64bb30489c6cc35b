// The way in by files: three places, sent together, resumable after anything.

import { Alert, Button, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { api, query } from "../api/client";
import { useLeaveWarning } from "../kit/draft";
import { ProblemNotice } from "../kit/Problem";
import { ReasonDialog } from "../kit/Reason";
import { Loading } from "../kit/States";
import { t } from "../messages/all";
import { useMay } from "../session/session";
import { begin, sendAll, VIEWS } from "./batch";
import type { Sending, View } from "./sending";
import { Zone } from "./Zone";

type Files = Partial<Record<View, File>>;
type Sendings = Partial<Record<View, Sending>>;

/** How many of these are still on their way; changes with them. */
export function useUnsent(sendings: Sendings): number {
  const list = useMemo(() => Object.values(sendings), [sendings]);
  const count = () => list.filter((one) => one.snapshot().status !== "accepted").length;
  return useSyncExternalStore((changed) => {
    const stops = list.map((one) => one.subscribe(changed));
    return () => {
      for (const stop of stops) stop();
    };
  }, count);
}

/** Send files of a new take. */
export function NewFiles({
  visitId,
  movement,
  replaces,
  onBegun,
}: {
  visitId: string;
  movement: string;
  replaces?: string;
  onBegun: (recordingId: string, sendings: Sendings) => void;
}) {
  const [files, setFiles] = useState<Files>({});
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const views = VIEWS.filter((view) => files[view]);
  useLeaveWarning(views.length > 0);
  const send = async () => {
    setBusy(true);
    setError(null);
    try {
      const { recordingId } = await begin(visitId, movement, views, { replaces });
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

/** Files of a recording that was begun: under way, or interrupted by a reload. */
export function ArrivingFiles({
  recordingId,
  sendings: begun,
}: {
  recordingId: string;
  sendings: Sendings;
}) {
  const client = useQueryClient();
  const may = useMay();
  const [asking, setAsking] = useState(false);
  const [sendings, setSendings] = useState(begun);
  const [error, setError] = useState<unknown>(null);
  const unsent = useUnsent(sendings);
  const recording = query.useQuery("get", "/api/v1/recordings/{recording_id}", {
    params: { path: { recording_id: recordingId } },
  });
  const before = useRef(unsent);
  useEffect(() => {
    if (unsent < before.current) client.invalidateQueries();
    before.current = unsent;
  }, [unsent, client]);
  useLeaveWarning(unsent > 0);
  if (recording.error) {
    return <ProblemNotice error={recording.error} onRetry={() => recording.refetch()} />;
  }
  if (!recording.data) return <Loading />;
  const { data } = recording;
  if (data.state === "complete") return null;
  const idle = data.missing_views.filter((view) => !sendings[view]);
  const act = async (what: () => Promise<unknown>) => {
    setError(null);
    try {
      await what();
      await client.invalidateQueries();
    } catch (problem) {
      setError(problem);
    }
  };
  const path = { recording_id: recordingId };
  const giveUp = async (reason: string) => {
    await Promise.all(Object.values(sendings).map((one) => one.cancel()));
    setSendings({});
    const { data: takes } = await api.GET("/api/v1/visits/{visit_id}/takes", {
      params: { path: { visit_id: data.visit_id }, query: { limit: 200 } },
    });
    // A recording that a take lies in can't be taken out of use.
    for (const take of takes?.items ?? []) {
      if (take.recording_id !== recordingId || take.voided_at) continue;
      await api.POST("/api/v1/takes/{take_id}/void", {
        params: { path: { take_id: take.id } },
        body: { reason },
      });
    }
    await api.POST("/api/v1/recordings/{recording_id}/void", {
      params: { path },
      body: { reason },
    });
    // Loaded anew, so that nothing of it is left on the page.
    window.location.assign(`/visits/${data.visit_id}/capture`);
  };
  return (
    <Stack gap="sm">
      {idle.length > 0 && (
        <Alert color="orange" variant="light">
          {t.capture.interrupted}
        </Alert>
      )}
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        {VIEWS.filter((view) => data.declared_views.includes(view)).map((view) => (
          <Zone
            key={view}
            view={view}
            file={null}
            sending={sendings[view] ?? null}
            arrived={!data.missing_views.includes(view)}
            onFile={(file) => {
              if (!file) return;
              setSendings({ ...sendings, ...sendAll(recordingId, { [view]: file }) });
            }}
          />
        ))}
      </SimpleGrid>
      {error !== null && <ProblemNotice error={error} />}
      <Group justify="flex-end">
        {data.views.length > 0 && data.missing_views.length > 0 && (
          <>
            <Text size="sm" c="dimmed" flex={1}>
              {t.capture.goOnWithoutText(
                data.missing_views.map((view) => t.clinical.views[view]).join(", "),
              )}
            </Text>
            <Button
              variant="default"
              onClick={() =>
                act(() =>
                  api.POST("/api/v1/recordings/{recording_id}/complete", { params: { path } }),
                )
              }
            >
              {t.capture.goOnWithout}
            </Button>
          </>
        )}
        {may("visit:void") && (
          <Button variant="subtle" color="gray" onClick={() => setAsking(true)}>
            {t.capture.giveUp}
          </Button>
        )}
      </Group>
      <ReasonDialog
        title={t.capture.giveUp}
        text={t.capture.giveUpText}
        action={t.capture.giveUp}
        opened={asking}
        onClose={() => setAsking(false)}
        onConfirm={giveUp}
      />
    </Stack>
  );
}
