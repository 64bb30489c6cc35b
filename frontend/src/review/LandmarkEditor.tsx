// Corrects landmarks on the paused picture of one camera, by pointer or keyboard.

import { Box, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { t } from "../messages/all";
import { type Corrections, type Points, pointsOf, type View, withPoints } from "./corrections";
import classes from "./LandmarkEditor.module.css";
import { type Landmarks, previewLandmarks } from "./preview";

const NAMED = Object.keys(t.review.points).map(Number);
const WAIT_MS = 400;
/** The face fills this much of the picture that is shown. */
const MARGIN = 0.25;

interface Window {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The part of the frame around the landmarks, with some room. */
export function windowOf(
  points: readonly [number, number][],
  frame: { width: number; height: number },
): Window {
  const xs = points.map((p) => p[0]);
  const ys = points.map((p) => p[1]);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  const roomX = MARGIN * (right - left);
  const roomY = MARGIN * (bottom - top);
  const x = Math.max(0, left - roomX);
  const y = Math.max(0, top - roomY);
  return {
    x,
    y,
    width: Math.min(frame.width, right + roomX) - x,
    height: Math.min(frame.height, bottom + roomY) - y,
  };
}

export function LandmarkEditor({
  analysisId,
  view,
  frame,
  size,
  video,
  corrections,
  onKeep,
  onClose,
}: {
  analysisId: string;
  view: View;
  frame: number;
  /** Of the recorded frame, in pixels: the landmarks are in these. */
  size: { width: number; height: number };
  video: HTMLVideoElement;
  corrections: Corrections;
  onKeep: (corrections: Corrections) => void;
  onClose: () => void;
}) {
  const [points, setPoints] = useState<Points>(() => pointsOf(corrections, view, frame));
  const [first, setFirst] = useState<[number, number][] | null>(null);
  const [fitted, setFitted] = useState<[number, number][] | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);

  // Where the points are now; after each change, where the fit would put them.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt asks again
  useEffect(() => {
    const leaving = new AbortController();
    const wait = first === null ? 0 : WAIT_MS;
    const timer = setTimeout(async () => {
      setBusy(true);
      setError(null);
      try {
        const wish = withPoints(corrections, view, frame, points);
        const found: Landmarks = await previewLandmarks(analysisId, frame, wish, leaving.signal);
        const mine = found[view] ?? null;
        setFirst((before) => before ?? mine);
        setFitted(mine);
      } catch (problem) {
        if (!leaving.signal.aborted) setError(problem);
      } finally {
        if (!leaving.signal.aborted) setBusy(false);
      }
    }, wait);
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [analysisId, view, frame, points, attempt]);

  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={t.review.editorTitle(t.clinical.views[view] ?? view, frame)}
    >
      <Stack gap="sm">
        <Text size="sm">{t.review.editorText}</Text>
        {error !== null && <ProblemNotice error={error} onRetry={() => setAttempt((n) => n + 1)} />}
        {first === null ? (
          error === null && <Loading label={t.review.fetching} />
        ) : (
          <Stage
            video={video}
            size={size}
            first={first}
            fitted={fitted}
            points={points}
            onPoints={setPoints}
          />
        )}
        <Group justify="space-between">
          <Text size="sm" c="dimmed" role="status">
            {busy && first !== null
              ? t.review.previewing
              : fitted !== null
                ? t.review.previewed
                : ""}
          </Text>
          <Group>
            <Button variant="default" onClick={() => setPoints({})}>
              {t.review.resetPoints}
            </Button>
            <Button
              onClick={() => {
                onKeep(withPoints(corrections, view, frame, points));
                onClose();
              }}
            >
              {t.review.takeOver}
            </Button>
          </Group>
        </Group>
      </Stack>
    </Modal>
  );
}

function Stage({
  video,
  size,
  first,
  fitted,
  points,
  onPoints,
}: {
  video: HTMLVideoElement;
  size: { width: number; height: number };
  first: [number, number][];
  fitted: [number, number][] | null;
  points: Points;
  onPoints: (points: Points) => void;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const svg = useRef<SVGSVGElement>(null);
  const dragged = useRef<number | null>(null);
  const [shown] = useState(() => windowOf(first, size));
  useEffect(() => {
    const pen = canvas.current?.getContext("2d");
    if (!pen || !canvas.current) return;
    // The film for browsers is smaller than what was recorded.
    const scale = video.videoWidth / size.width;
    const { x, y, width, height } = shown;
    canvas.current.width = Math.round(width * scale);
    canvas.current.height = Math.round(height * scale);
    pen.drawImage(
      video,
      x * scale,
      y * scale,
      width * scale,
      height * scale,
      0,
      0,
      canvas.current.width,
      canvas.current.height,
    );
  }, [video, size, shown]);
  const at = (index: number): [number, number] =>
    points[index] ?? fitted?.[index] ?? first[index] ?? [0, 0];
  const put = (index: number, x: number, y: number) => {
    const inside = (value: number, most: number) => Math.min(most - 1, Math.max(0, value));
    const round = (value: number) => Math.round(value * 10) / 10;
    onPoints({
      ...points,
      [index]: [round(inside(x, size.width)), round(inside(y, size.height))],
    });
  };
  const move = (event: PointerEvent) => {
    const box = svg.current?.getBoundingClientRect();
    if (dragged.current === null || !box) return;
    put(
      dragged.current,
      shown.x + ((event.clientX - box.left) / box.width) * shown.width,
      shown.y + ((event.clientY - box.top) / box.height) * shown.height,
    );
  };
  const key = (index: number) => (event: KeyboardEvent) => {
    const steps: Record<string, [number, number]> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const far = event.shiftKey ? 10 : 1;
    const [x, y] = at(index);
    put(index, x + far * step[0], y + far * step[1]);
  };
  const radius = shown.width / 130;
  return (
    <Box className={classes.stage} data-testid="landmark-stage">
      <canvas ref={canvas} className={classes.canvas} />
      {/* biome-ignore lint/a11y/useSemanticElements: no fieldset stands over a picture */}
      <svg
        ref={svg}
        className={classes.svg}
        viewBox={`${shown.x} ${shown.y} ${shown.width} ${shown.height}`}
        onPointerMove={move}
        onPointerUp={() => {
          dragged.current = null;
        }}
        role="group"
        aria-label={t.review.landmarks}
      >
        {NAMED.map((index) => {
          const [x, y] = at(index);
          const fit = fitted?.[index];
          return (
            <g key={index}>
              {fit && points[index] && (
                <circle
                  className={classes.fitted}
                  cx={fit[0]}
                  cy={fit[1]}
                  r={1.4 * radius}
                  strokeWidth={radius / 3}
                />
              )}
              {/* biome-ignore lint/a11y/useSemanticElements: no button stands inside of a drawing */}
              <circle
                className={classes.point}
                data-corrected={points[index] ? true : undefined}
                data-point={index}
                cx={x}
                cy={y}
                r={radius}
                strokeWidth={radius / 2.5}
                tabIndex={0}
                role="button"
                aria-label={t.review.points[index]}
                onKeyDown={key(index)}
                onPointerDown={(event) => {
                  dragged.current = index;
                  svg.current?.setPointerCapture(event.pointerId);
                }}
              >
                <title>{t.review.points[index]}</title>
              </circle>
            </g>
          );
        })}
      </svg>
    </Box>
  );
}
