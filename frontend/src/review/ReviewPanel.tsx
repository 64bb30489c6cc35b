// Corrects a take: frames, rest, landmarks; analyses it again, or proposes that.

import {
  Button,
  Group,
  NativeSelect,
  Stack,
  Text,
  Textarea,
  TextInput,
  Title,
} from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type RefObject, useState, useSyncExternalStore } from "react";
import { api, query, type Schemas } from "../api/client";
import { useDraft, useLeaveWarning } from "../kit/draft";
import { notify } from "../kit/notify";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { useShortcuts } from "../kit/shortcuts";
import { t } from "../messages/all";
import { useMay } from "../session/session";
import type { Player } from "../viewer";
import {
  asSent,
  begun,
  type Corrections,
  changed,
  type Draft,
  NONE,
  redone,
  same,
  undone,
  type View,
  withoutSpan,
  withPoints,
  withRest,
  withSpan,
} from "./corrections";
import { History } from "./History";
import { LandmarkEditor } from "./LandmarkEditor";
import { Versions } from "./Versions";

type Take = Schemas["TakeRead"];
type Analysis = Schemas["AnalysisRead"];

interface Props {
  take: Take;
  analysis: Analysis | null;
  player: Player;
  videos: Record<View, RefObject<HTMLVideoElement | null>>;
  onRerun: (jobId: string) => void;
}

export function ReviewPanel(props: Props) {
  const { analysis } = props;
  // What this version was made with is where a further correction begins.
  const made = query.useQuery(
    "get",
    "/api/v1/reviews/{review_id}",
    { params: { path: { review_id: analysis?.review_id ?? "" } } },
    { enabled: Boolean(analysis?.review_id) },
  );
  if (!analysis) return null;
  if (made.error) return <ProblemNotice error={made.error} onRetry={() => made.refetch()} />;
  if (analysis.review_id && !made.data) return <Loading />;
  return (
    <Editing
      {...props}
      key={analysis.id}
      analysis={analysis}
      base={made.data?.corrections ?? NONE}
    />
  );
}

interface Typed {
  draft: Draft;
  note: string;
}

function Editing({
  take,
  analysis,
  player,
  videos,
  onRerun,
  base,
}: Omit<Props, "analysis"> & { analysis: Analysis; base: Corrections }) {
  const may = useMay();
  const client = useQueryClient();
  const [initial] = useState<Typed>({ draft: begun(base), note: "" });
  const [typed, setTyped, clear] = useDraft<Typed>(`review:${analysis.id}`, initial);
  const [opening, setOpening] = useState<number | null>(null);
  const [reason, setReason] = useState(t.review.defaultReason);
  const [view, setView] = useState<View>("center");
  const [editing, setEditing] = useState<{ view: View; frame: number } | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const { frame } = useSyncExternalStore(player.subscribe, player.snapshot);

  const { draft, note } = typed;
  const corrections = draft.present;
  const unchanged = same(corrections, base);
  useLeaveWarning(!unchanged);
  const setDraft = (next: Draft) => setTyped({ ...typed, draft: next });
  const change = (next: Corrections) => setDraft(changed(draft, next));
  const rest = corrections.rest_frames[0] ?? null;
  const writes = may("review:write");

  const markEnd = () => {
    if (opening === null) {
      setOpening(frame);
      return;
    }
    change(
      withSpan(corrections, {
        first: opening,
        last: frame,
        reason: reason.trim() || t.review.defaultReason,
      }),
    );
    setOpening(null);
  };
  useShortcuts(t.review.panel, [
    { keys: "X", label: t.review.beginExclusion, run: markEnd },
    { keys: "R", label: t.review.setRest, run: () => change(withRest(corrections, frame)) },
    { keys: "mod+Z", label: t.review.undo, run: () => setDraft(undone(draft)) },
    { keys: "mod+shift+Z", label: t.review.redo, run: () => setDraft(redone(draft)) },
  ]);

  const save = async () => {
    setBusy(true);
    setError(null);
    try {
      await api.POST(
        writes ? "/api/v1/takes/{take_id}/reviews" : "/api/v1/takes/{take_id}/proposals",
        {
          params: { path: { take_id: take.id } },
          body: {
            base_version: analysis.version,
            corrections: asSent(corrections),
            note: note.trim() || null,
          },
        },
      );
      clear();
      await client.invalidateQueries({ queryKey: ["get", "/api/v1/takes/{take_id}/reviews"] });
      notify(writes ? t.review.saved : t.review.proposed, "review");
      if (writes) {
        const { data } = await api.GET("/api/v1/jobs", {
          params: { query: { take_id: take.id, limit: 1 } },
        });
        const [job] = data?.items ?? [];
        if (job) onRerun(job.id);
      }
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };

  const views = (["right", "center", "left"] as const).filter((one) => analysis.summary.views[one]);
  const size = editing ? analysis.summary.views[editing.view] : undefined;
  const film = editing ? videos[editing.view]?.current : null;
  return (
    <Stack gap="md" data-testid="review">
      <Text size="sm">{t.review.intro}</Text>
      <Group justify="space-between">
        <Text size="sm" className="numbers">
          {t.review.now(frame)}
        </Text>
        <Group gap="xs">
          <Button
            size="compact-sm"
            variant="default"
            disabled={draft.past.length === 0}
            onClick={() => setDraft(undone(draft))}
          >
            {t.review.undo}
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            disabled={draft.future.length === 0}
            onClick={() => setDraft(redone(draft))}
          >
            {t.review.redo}
          </Button>
        </Group>
      </Group>

      <Section title={t.review.restFrame}>
        <Text size="sm">{rest === null ? t.review.restAuto : t.review.restIs(rest)}</Text>
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={() => change(withRest(corrections, frame))}>
            {t.review.setRest}
          </Button>
          {rest !== null && (
            <>
              <Button size="xs" variant="subtle" onClick={() => player.seekFrame(rest)}>
                {t.review.goThere}
              </Button>
              <Button
                size="xs"
                variant="subtle"
                onClick={() => change(withRest(corrections, null))}
              >
                {t.review.clearRest}
              </Button>
            </>
          )}
        </Group>
      </Section>

      <Section title={t.review.excluded}>
        {corrections.excluded_frames.length === 0 && (
          <Text size="sm" c="dimmed">
            {t.review.noExcluded}
          </Text>
        )}
        {corrections.excluded_frames.map((span, index) => (
          <Group key={`${span.first}-${span.last}`} gap="xs">
            <Button size="compact-xs" variant="subtle" onClick={() => player.seekFrame(span.first)}>
              {t.review.frames(span.first, span.last)}
            </Button>
            <Text size="sm" flex={1}>
              {span.reason}
            </Text>
            <Button
              size="compact-xs"
              variant="subtle"
              color="gray"
              onClick={() => change(withoutSpan(corrections, index))}
            >
              {t.review.remove}
            </Button>
          </Group>
        ))}
        <TextInput
          size="xs"
          label={t.review.because}
          maxLength={200}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Group gap="xs">
          <Button size="xs" variant={opening === null ? "default" : "filled"} onClick={markEnd}>
            {opening === null ? t.review.beginExclusion : t.review.endExclusion(opening)}
          </Button>
          {opening !== null && (
            <Button size="xs" variant="subtle" onClick={() => setOpening(null)}>
              {t.review.stopExclusion}
            </Button>
          )}
        </Group>
      </Section>

      {may("face:read") && (
        <Section title={t.review.landmarks}>
          {corrections.landmarks.length === 0 && (
            <Text size="sm" c="dimmed">
              {t.review.noLandmarks}
            </Text>
          )}
          {corrections.landmarks.map((one) => (
            <Group key={`${one.view}-${one.frame}`} gap="xs">
              <Text size="sm" flex={1}>
                {t.clinical.views[one.view]}:{" "}
                {t.review.corrected(Object.keys(one.points).length, one.frame)}
              </Text>
              <Button
                size="compact-xs"
                variant="subtle"
                color="gray"
                onClick={() => change(withPoints(corrections, one.view, one.frame, {}))}
              >
                {t.review.remove}
              </Button>
            </Group>
          ))}
          <Group gap="xs" align="flex-end">
            <NativeSelect
              size="xs"
              label={t.review.view}
              value={view}
              data={views.map((one) => ({ value: one, label: t.clinical.views[one] ?? one }))}
              onChange={(event) => setView(event.currentTarget.value as View)}
            />
            <Button
              size="xs"
              variant="default"
              onClick={() => {
                player.pause();
                setEditing({ view, frame });
              }}
            >
              {t.review.correct}
            </Button>
          </Group>
          {editing && !film && <Text size="sm">{t.review.noFrame}</Text>}
        </Section>
      )}

      {(writes || may("review:propose")) && (
        <>
          <Textarea
            label={t.review.note}
            description={t.review.noteHint}
            autosize
            minRows={2}
            maxLength={2000}
            value={note}
            onChange={(event) => setTyped({ ...typed, note: event.currentTarget.value })}
          />
          {error !== null && <ProblemNotice error={error} />}
          <Group justify="space-between">
            <Button variant="subtle" color="gray" disabled={unchanged} onClick={() => clear()}>
              {t.review.reset}
            </Button>
            <Group gap="sm">
              {unchanged && (
                <Text size="sm" c="dimmed">
                  {t.review.nothingChanged}
                </Text>
              )}
              <Button onClick={save} loading={busy} disabled={unchanged}>
                {writes ? t.review.save : t.review.propose}
              </Button>
            </Group>
          </Group>
        </>
      )}
      <Versions takeId={take.id} analysis={analysis} />
      <History takeId={take.id} />
      {editing && film && size && (
        <LandmarkEditor
          analysisId={analysis.id}
          view={editing.view}
          frame={editing.frame}
          size={size}
          video={film}
          corrections={corrections}
          onKeep={change}
          onClose={() => setEditing(null)}
        />
      )}
    </Stack>
  );
}

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <Stack gap={6}>
      <Title order={3} size="h6">
        {title}
      </Title>
      {children}
    </Stack>
  );
}
