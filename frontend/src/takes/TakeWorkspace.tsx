// The bench of a take: videos beside the 3D face, one time line, and the panels about it.

import { Box, Button, Tabs } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import {
  type ComponentType,
  lazy,
  type ReactNode,
  Suspense,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { query, type Schemas } from "../api/client";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { t } from "../messages/all";
import { useMay } from "../session/session";
import { FaceData, FaceView, type FaceViewer, Player } from "../viewer";
import { Curves } from "./Curves";
import { Details } from "./Details";
import { shownFrame } from "./Downloads";
import { type Jump, MeasuresPanel } from "./MeasuresPanel";
import { Quality } from "./Quality";
import { Reading } from "./Reading";
import { Synkinesis } from "./Synkinesis";
import { usePicture } from "./screenshots";
import classes from "./TakeWorkspace.module.css";
import { Tools, ViewButtons } from "./Tools";
import { Transport } from "./Transport";
import { type Analysis, type Marks, marksOf } from "./timeline";
import { useTakeShortcuts } from "./useTakeShortcuts";
import { type ShownVideo, useVideoRefs, VIEW_ORDER, type VideoRefs, Videos } from "./Videos";

type Take = Schemas["TakeRead"];

interface Opened {
  data: FaceData;
  player: Player;
}

interface ReviewProps {
  take: Take;
  analysis: Analysis | null;
  player: Player;
  videos: VideoRefs;
  onRerun: (jobId: string) => void;
}

// The review is another room's; its tab is there when the room is.
const reviewModules = import.meta.glob<{ ReviewPanel: ComponentType<ReviewProps> }>(
  "../review/ReviewPanel.tsx",
);
const loadReview = Object.values(reviewModules)[0];
const ReviewPanel = loadReview
  ? lazy(() => loadReview().then((module) => ({ default: module.ReviewPanel })))
  : null;

export function TakeWorkspace({
  take,
  analysis,
  startAtS,
  onRerun,
}: {
  take: Take | null;
  analysis: Analysis;
  startAtS?: number;
  onRerun: (jobId: string) => void;
}) {
  const [opened, setOpened] = useState<Opened | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);
  const begin = useRef(startAtS);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt opens anew
  useEffect(() => {
    const leaving = new AbortController();
    let made: Opened | null = null;
    const [span] = analysis.summary.takes;
    FaceData.open(analysis.id, {
      topologyId: analysis.topology_id,
      firstFrame: span?.first_frame ?? 0,
      signal: leaving.signal,
    }).then(
      (data) => {
        const player = new Player(data.meshes.header.timeS, {
          first: span?.first_frame ?? 0,
          last: span?.last_frame ?? data.meshes.header.frames - 1,
        });
        if (leaving.signal.aborted) {
          data.close();
          return;
        }
        made = { data, player };
        const peakS = span?.repetitions[0]?.peak_s;
        // Begin where there is something to see.
        player.seek(begin.current ?? peakS ?? player.range.fromS);
        setOpened(made);
      },
      (problem) => {
        if (!leaving.signal.aborted) setError(problem);
      },
    );
    return () => {
      leaving.abort();
      made?.player.dispose();
      made?.data.close();
      setOpened(null);
    };
  }, [analysis, attempt]);
  // Numbers and quality don't wait for the face, and are there when it can't come.
  return (
    <Bench
      take={take}
      analysis={analysis}
      opened={opened}
      failure={
        error !== null && (
          <ProblemNotice
            error={error}
            onRetry={() => {
              setError(null);
              setAttempt((n) => n + 1);
            }}
          />
        )
      }
      onRerun={onRerun}
    />
  );
}

function Bench({
  take,
  analysis,
  opened,
  failure,
  onRerun,
}: {
  take: Take | null;
  analysis: Analysis;
  /** Null until the streams are open. */
  opened: Opened | null;
  failure: ReactNode;
  onRerun: (jobId: string) => void;
}) {
  const data = opened?.data ?? null;
  const player = opened?.player ?? null;
  const may = useMay();
  const navigate = useNavigate();
  const refs = useVideoRefs();
  const [viewer, setViewer] = useState<FaceViewer | null>(null);
  const [overlay, setOverlay] = useState(false);
  const [tab, setTab] = useState<string | null>("measures");
  const [wanted, setWanted] = useState<string | null>(null);
  const series = query.useQuery("get", "/api/v1/analyses/{analysis_id}/series", {
    params: { path: { analysis_id: analysis.id } },
  });
  useEffect(() => {
    if (series.data) data?.provideSeries(series.data);
  }, [series.data, data]);
  useEffect(
    () =>
      player?.subscribe(() => {
        shownFrame.current = player.snapshot().frame;
      }),
    [player],
  );
  const marks = useMemo<Marks | null>(
    () => (series.data && data ? marksOf(analysis, series.data, data.meshes.header.timeS) : null),
    [analysis, series.data, data],
  );
  const videos = useShownVideos(take, analysis, data, overlay);
  const picture = usePicture(viewer, analysis, player);
  useTakeShortcuts({ player, viewer, loopTo: marks?.repetitions[0] ?? null, onPicture: picture });

  const jump = ({ movement, takeId, region, side, moment, repetition }: Jump) => {
    if (takeId !== analysis.take_id) {
      navigate({ to: "/takes/$takeId", params: { takeId } });
      return;
    }
    const found = marks?.repetitions.find((r) => r.number === repetition) ?? marks?.repetitions[0];
    const atS = moment === "rest" || !found ? marks?.restFrameS : found.peakS;
    player?.pause();
    if (movement === analysis.movement && atS != null) player?.seek(atS);
    viewer?.set({ chosen: { region, side } });
  };
  const affected = analysis.summary.affected_side;

  return (
    <Box className={classes.bench}>
      {player && videos.length > 0 && (
        <Box className={classes.videos}>
          <Videos videos={videos} player={player} refs={refs} />
          {may("face:read") && analysis.files.some((file) => file.role === "overlay") && (
            <Button
              size="compact-xs"
              variant={overlay ? "filled" : "default"}
              aria-pressed={overlay}
              onClick={() => setOverlay(!overlay)}
            >
              {t.viewer.overlay}
            </Button>
          )}
        </Box>
      )}
      <Box className={classes.face}>
        {viewer && <Tools viewer={viewer} onScreenshot={picture} affectedSide={affected} />}
        <Box className={classes.stage}>
          {data && player ? (
            <FaceView
              data={data}
              player={player}
              onViewer={setViewer}
              settings={{ healthySide: affected === "right" ? "left" : "right" }}
            >
              {viewer && <ViewButtons viewer={viewer} />}
              {viewer && (
                <Reading
                  viewer={viewer}
                  onCurve={(region) => {
                    setWanted(region);
                    setTab("curves");
                  }}
                />
              )}
            </FaceView>
          ) : (
            failure || <Loading label={t.viewer.loadingFace} />
          )}
        </Box>
      </Box>
      <Box className={classes.transport}>
        {player && <Transport player={player} marks={marks} series={series.data ?? null} />}
      </Box>
      <Box className={classes.panel}>
        <Tabs value={tab} onChange={setTab} keepMounted={false} className={classes.tabs}>
          <Tabs.List aria-label={t.viewer.panelsLabel}>
            <Tabs.Tab value="measures">{t.viewer.panels.measures}</Tabs.Tab>
            <Tabs.Tab value="curves">{t.viewer.panels.curves}</Tabs.Tab>
            <Tabs.Tab value="synkinesis">{t.viewer.panels.synkinesis}</Tabs.Tab>
            <Tabs.Tab value="quality">{t.viewer.panels.quality}</Tabs.Tab>
            {ReviewPanel && take && may("review:read") && (
              <Tabs.Tab value="review">{t.viewer.panels.review}</Tabs.Tab>
            )}
            <Tabs.Tab value="details">{t.viewer.panels.details}</Tabs.Tab>
          </Tabs.List>
          <Box className={classes.content} tabIndex={0}>
            <Tabs.Panel value="measures">
              <MeasuresPanel analysis={analysis} onJump={jump} />
            </Tabs.Panel>
            <Tabs.Panel value="curves">
              {series.error ? (
                <ProblemNotice error={series.error} onRetry={() => series.refetch()} />
              ) : series.data && marks && player ? (
                <Curves
                  key={wanted}
                  series={series.data}
                  marks={marks}
                  player={player}
                  wanted={wanted}
                />
              ) : (
                <Loading />
              )}
            </Tabs.Panel>
            <Tabs.Panel value="synkinesis">
              <Synkinesis analysis={analysis} onJump={jump} />
            </Tabs.Panel>
            <Tabs.Panel value="quality">
              <Quality analysis={analysis} onSeek={(timeS) => player?.seek(timeS)} />
            </Tabs.Panel>
            {ReviewPanel && take && player && (
              <Tabs.Panel value="review">
                <Suspense fallback={<Loading />}>
                  <ReviewPanel
                    take={take}
                    analysis={analysis}
                    player={player}
                    videos={refs}
                    onRerun={onRerun}
                  />
                </Suspense>
              </Tabs.Panel>
            )}
            <Tabs.Panel value="details">
              <Details analysis={analysis} viewer={viewer} />
            </Tabs.Panel>
          </Box>
        </Tabs>
      </Box>
    </Box>
  );
}

/** The films that the reader may see: proxies as recorded, or with the mesh over them. */
function useShownVideos(
  take: Take | null,
  analysis: Analysis,
  data: FaceData | null,
  overlay: boolean,
): ShownVideo[] {
  const may = useMay();
  const seesFaces = may("face:read");
  const recordingId = take?.recording_id ?? "";
  const recording = query.useQuery(
    "get",
    "/api/v1/recordings/{recording_id}",
    { params: { path: { recording_id: recordingId } } },
    { enabled: seesFaces && recordingId !== "" },
  );
  return useMemo(() => {
    if (!seesFaces || !data) return [];
    return VIEW_ORDER.flatMap((view): ShownVideo[] => {
      const drawn = analysis.files.find((file) => file.role === "overlay" && file.view === view);
      // An overlay begins with the stream's first frame.
      if (overlay && drawn) {
        return [{ view, href: drawn.href, offsetS: data.meshes.header.timeS[0] ?? 0, whole: true }];
      }
      const found = recording.data?.views.find((one) => one.view === view);
      if (!found?.has_video) return [];
      return [
        {
          view,
          href: `/api/v1/recordings/${recordingId}/views/${view}/video`,
          offsetS: analysis.summary.views[view]?.sync_offset_s ?? 0,
          whole: false,
        },
      ];
    });
  }, [seesFaces, analysis, data, overlay, recording.data, recordingId]);
}
