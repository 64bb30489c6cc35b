// Two moving faces side by side: one camera, one scale, one slider on the phase of the movement.

import { Box, Button, Group, SegmentedControl, Slider, Stack, Text } from "@mantine/core";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { query, type Schemas } from "../api/client";
import { formatClock, formatDay } from "../kit/formats";
import { IconPlayerPause, IconPlayerPlay } from "../kit/icons";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { useShortcuts } from "../kit/shortcuts";
import { t } from "../messages/all";
import { useMay } from "../session/session";
import { FaceView, type FaceViewer, LAYERS, type Layer, linkCameras, type Player } from "../viewer";
import { placeText } from "./estimates";
import classes from "./Faces.module.css";
import { type FacePair, type OpenedFace, useFacePair } from "./useFacePair";

type Comparison = Schemas["ComparisonRead"];
type Brief = Schemas["AnalysisBrief"];
type Shown = Layer;

export function Faces({
  comparison,
  before,
  after,
}: {
  comparison: Comparison;
  before: Brief;
  after: Brief;
}) {
  const { pair, error, retry } = useFacePair(before, after);
  if (error) return <ProblemNotice error={error} onRetry={retry} />;
  if (!pair) return <Loading label={t.viewer.loadingFace} />;
  return <Pair comparison={comparison} pair={pair} />;
}

function Pair({ comparison, pair }: { comparison: Comparison; pair: FacePair }) {
  const [first, setFirst] = useState<FaceViewer | null>(null);
  const [second, setSecond] = useState<FaceViewer | null>(null);
  const [layer, setLayer] = useState<Shown>("displacement");
  const may = useMay();
  useEffect(() => {
    if (first && second) return linkCameras(first.scene, second.scene);
  }, [first, second]);
  useEffect(() => {
    first?.setDifference(pair.difference);
  }, [first, pair]);
  useEffect(() => {
    first?.set({ layer });
    // The difference belongs to the earlier face alone.
    second?.set({ layer: layer === "difference" ? "plain" : layer });
  }, [first, second, layer]);
  const { player } = pair.before;
  useShortcuts(t.progress.shortcuts, [
    { keys: "Space", label: t.progress.play, run: () => player.toggle() },
    { keys: "ArrowLeft", label: t.progress.stepBack, run: () => player.step(-1) },
    { keys: "ArrowRight", label: t.progress.stepForward, run: () => player.step(1) },
  ]);
  const settings = (face: OpenedFace) => ({
    layer,
    healthySide:
      face.analysis.summary.affected_side === "right" ? ("left" as const) : ("right" as const),
  });
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <SegmentedControl
          size="xs"
          aria-label={t.progress.layer}
          value={layer}
          onChange={(value) => setLayer(value as Shown)}
          data={[
            ...LAYERS.map((value) => ({ value, label: t.progress.layers[value] ?? value })),
            { value: "difference", label: t.progress.difference },
          ]}
        />
        <Text size="xs" c="dimmed">
          {layer === "difference" ? t.progress.differenceText : t.progress.phase}
        </Text>
      </Group>
      <Box className={classes.pair}>
        {(["before", "after"] as const).map((which) => (
          <Stack key={which} gap={4}>
            <Text size="sm" fw={600}>
              {t.progress[which]}: {t.progress.visit(comparison[which].number)},{" "}
              {placeText(comparison[which], formatDay)}
            </Text>
            <Box className={classes.stage} data-testid={`face-${which}`}>
              <FaceView
                data={pair[which].data}
                player={pair[which].player}
                settings={settings(pair[which])}
                label={t.progress[which]}
                onViewer={which === "before" ? setFirst : setSecond}
              />
            </Box>
            {may("face:read") && <FrontVideo face={pair[which]} />}
          </Stack>
        ))}
      </Box>
      <Scrubber player={player} />
    </Stack>
  );
}

/** The film of the front camera, or of whichever there is, running with its face. */
function FrontVideo({ face }: { face: OpenedFace }) {
  const element = useRef<HTMLVideoElement>(null);
  const take = query.useQuery("get", "/api/v1/takes/{take_id}", {
    params: { path: { take_id: face.analysis.take_id } },
  });
  const views = face.analysis.summary.views;
  const view = (["center", "left", "right"] as const).find((one) => views[one]);
  const recording = take.data?.recording_id;
  const offsetS = (view && views[view]?.sync_offset_s) ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the element is there with the recording
  useEffect(() => {
    if (element.current) return face.player.attach(element.current, offsetS);
  }, [face, offsetS, recording, view]);
  if (!recording || !view) return null;
  return (
    <video
      ref={element}
      className={classes.video}
      src={`/api/v1/recordings/${recording}/views/${view}/video`}
      muted
      playsInline
      preload="auto"
      aria-label={t.clinical.views[view]}
    />
  );
}

function Scrubber({ player }: { player: Player }) {
  const { timeS, playing } = useSyncExternalStore(player.subscribe, player.snapshot);
  const { fromS, toS } = player.range;
  return (
    <Group wrap="nowrap" gap="sm">
      <Button
        size="xs"
        variant="default"
        leftSection={
          playing ? (
            <IconPlayerPause size={14} aria-hidden />
          ) : (
            <IconPlayerPlay size={14} aria-hidden />
          )
        }
        onClick={() => player.toggle()}
      >
        {playing ? t.progress.pause : t.progress.play}
      </Button>
      <Slider
        flex={1}
        min={fromS}
        max={toS}
        step={0.01}
        value={timeS}
        label={(value) => formatClock(value, true)}
        thumbLabel={t.progress.cursor}
        onChange={(value) => {
          player.pause();
          player.seek(value);
        }}
      />
      <Text size="sm" className="numbers" w={64} ta="right">
        {formatClock(timeS, true)}
      </Text>
    </Group>
  );
}
