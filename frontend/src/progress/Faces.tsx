// Two moving faces side by side: one camera, one scale, one slider on the phase of the movement.

import { Anchor, Box, Group, SegmentedControl, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { Schemas } from "../api/client";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { useShortcuts } from "../kit/shortcuts";
import { t } from "../messages/all";
import { useMay } from "../session/session";
import { ViewButtons } from "../takes/Tools";
import { VerdictBadge } from "../takes/Verdict";
import { FaceView, type FaceViewer, LAYERS, type Layer, linkCameras, VIEWS } from "../viewer";
import { placeText } from "./estimates";
import classes from "./Faces.module.css";
import { FilmOfFace } from "./FilmOfFace";
import { PointReading } from "./PointReading";
import { Scrubber } from "./Scrubber";
import { type FacePair, type OpenedFace, useFacePair } from "./useFacePair";

type Comparison = Schemas["ComparisonRead"];
type Brief = Schemas["AnalysisBrief"];

const WHICH = ["before", "after"] as const;

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
  const [layer, setLayer] = useState<Layer>("displacement");
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
    { keys: "Space", label: t.progress.playOrPause, run: () => player.toggle() },
    { keys: "ArrowLeft", label: t.progress.stepBack, run: () => player.step(-1) },
    { keys: "ArrowRight", label: t.progress.stepForward, run: () => player.step(1) },
    { keys: "L", label: t.progress.loop, run: () => toggleLoop(pair) },
    ...VIEWS.map((view, i) => ({
      keys: String(i + 1),
      label: t.viewer.views[view],
      run: () => first?.scene.view(view),
    })),
  ]);
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <SegmentedControl
          size="xs"
          aria-label={t.progress.layer}
          value={layer}
          onChange={(value) => setLayer(value as Layer)}
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
        {WHICH.map((which) => (
          <Stack key={which} gap={4} miw={0}>
            <Heading comparison={comparison} which={which} face={pair[which]} />
            <Box className={classes.stage} data-testid={`face-${which}`}>
              <FaceView
                data={pair[which].data}
                player={pair[which].player}
                settings={settingsOf(pair[which], layer)}
                label={t.progress[which]}
                onViewer={which === "before" ? setFirst : setSecond}
              >
                {which === "before" && first && <ViewButtons viewer={first} />}
              </FaceView>
            </Box>
          </Stack>
        ))}
      </Box>
      <Scrubber player={player} anchors={pair.anchors} />
      {first && second && <PointReading first={first} second={second} />}
      {may("face:read") && (
        <Box className={classes.pair}>
          {WHICH.map((which) => (
            <FilmOfFace key={which} face={pair[which]} />
          ))}
        </Box>
      )}
    </Stack>
  );
}

function Heading({
  comparison,
  which,
  face,
}: {
  comparison: Comparison;
  which: (typeof WHICH)[number];
  face: OpenedFace;
}) {
  return (
    <Group justify="space-between" gap="xs">
      <Text size="sm" fw={600}>
        {t.progress[which]}: {placeText(comparison[which])}
      </Text>
      <Group gap="xs">
        <VerdictBadge verdict={face.analysis.verdict} />
        <Anchor
          size="sm"
          renderRoot={(props) => (
            <Link {...props} to="/takes/$takeId" params={{ takeId: face.analysis.take_id }} />
          )}
        >
          {t.progress.openTake}
        </Anchor>
      </Group>
    </Group>
  );
}

function settingsOf(face: OpenedFace, layer: Layer) {
  const healthySide: "left" | "right" =
    face.analysis.summary.affected_side === "right" ? "left" : "right";
  return { layer, healthySide };
}

function toggleLoop({ before: { player } }: FacePair): void {
  player.setLoop(player.snapshot().loop ? null : player.range);
}
