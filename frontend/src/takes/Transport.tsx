// Play, step, loop, speed, and the time line with everything that is marked on it.

import { Box, Group, NativeSelect, Text } from "@mantine/core";
import {
  type KeyboardEvent,
  memo,
  type PointerEvent,
  useMemo,
  useRef,
  useSyncExternalStore,
} from "react";
import { formatClock, formatNumber } from "../kit/formats";
import {
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerSkipBack,
  IconPlayerSkipForward,
  IconRepeat,
} from "../kit/icons";
import { t } from "../messages/all";
import { type Player, type Series, SPEEDS } from "../viewer";
import { SIDE_COLOURS } from "./sides";
import { ToolButton } from "./ToolButton";
import classes from "./Transport.module.css";
import { effortCurves, type Marks, pathOf, TARGETS } from "./timeline";

const SIZE = { width: 1000, height: 40 };

export function Transport({
  player,
  marks,
  series,
}: {
  player: Player;
  marks: Marks | null;
  series: Series | null;
}) {
  const { timeS, frame, playing, waiting, speed, loop } = useSyncExternalStore(
    player.subscribe,
    player.snapshot,
  );
  const loops = marks?.repetitions ?? [];
  const inLoop = loops.findIndex((r) => loop?.fromS === r.fromS && loop.toS === r.toS);
  const whole = loop !== null && inLoop < 0;
  return (
    <Box className={classes.transport}>
      <Group gap={6} wrap="nowrap" className={classes.controls}>
        <ToolButton
          label={t.viewer.stepBack}
          keys="←"
          icon={<IconPlayerSkipBack size={16} aria-hidden />}
          onClick={() => player.step(-1)}
        />
        <ToolButton
          label={playing ? t.viewer.pause : t.viewer.play}
          keys={t.viewer.space}
          icon={
            playing ? (
              <IconPlayerPause size={16} aria-hidden />
            ) : (
              <IconPlayerPlay size={16} aria-hidden />
            )
          }
          onClick={() => player.toggle()}
        />
        <ToolButton
          label={t.viewer.stepForward}
          keys="→"
          icon={<IconPlayerSkipForward size={16} aria-hidden />}
          onClick={() => player.step(1)}
        />
        <Text size="sm" className={`${classes.clock} numbers`} data-testid="clock">
          {formatClock(timeS, true)}
          <Text span size="xs" c="dimmed">
            {` / ${formatClock(player.range.toS, true)} · ${t.viewer.frame(frame)}`}
          </Text>
        </Text>
        {waiting && (
          <Text size="xs" c="dimmed" role="status">
            {t.viewer.waiting}
          </Text>
        )}
        <Box flex={1} />
        <Group gap={4} wrap="nowrap">
          {marks?.restFrameS != null && (
            <ToolButton
              label={t.viewer.toRest}
              onClick={() => player.seek(marks.restFrameS ?? 0)}
            />
          )}
          {loops.map((r) => (
            <ToolButton
              key={r.number}
              label={loops.length > 1 ? t.viewer.toPeakOf(r.number) : t.viewer.toPeak}
              onClick={() => {
                player.pause();
                player.seek(r.peakS);
              }}
            />
          ))}
          <ToolButton
            label={t.viewer.loop}
            keys="O"
            pressed={loop !== null}
            icon={<IconRepeat size={16} aria-hidden />}
            onClick={() => player.setLoop(loop ? null : (loops[0] ?? player.range))}
          />
          {loop && loops.length > 0 && (
            <NativeSelect
              size="xs"
              aria-label={t.viewer.loopOf}
              value={whole ? "whole" : String(inLoop)}
              onChange={(event) => {
                const chosen = event.currentTarget.value;
                player.setLoop(chosen === "whole" ? player.range : (loops[Number(chosen)] ?? null));
              }}
              data={[
                { value: "whole", label: t.viewer.wholeTake },
                ...loops.map((r, i) => ({
                  value: String(i),
                  label: t.viewer.repetition(r.number),
                })),
              ]}
            />
          )}
          <NativeSelect
            size="xs"
            aria-label={t.viewer.speed}
            value={String(speed)}
            onChange={(event) => player.setSpeed(Number(event.currentTarget.value))}
            data={[...new Set([...SPEEDS, speed])]
              .sort((a, b) => a - b)
              .map((one) => ({ value: String(one), label: `${one}×` }))}
          />
        </Group>
      </Group>
      <Line player={player} marks={marks} series={series} timeS={timeS} />
    </Box>
  );
}

function Line({
  player,
  marks,
  series,
  timeS,
}: {
  player: Player;
  marks: Marks | null;
  series: Series | null;
  timeS: number;
}) {
  const track = useRef<HTMLDivElement>(null);
  const { fromS, toS } = player.range;
  const share = (at: number) => `${(100 * (at - fromS)) / (toS - fromS || 1)}%`;
  const seekTo = (event: PointerEvent) => {
    const box = track.current?.getBoundingClientRect();
    if (!box) return;
    player.seek(fromS + ((event.clientX - box.left) / box.width) * (toS - fromS));
  };
  const keys = (event: KeyboardEvent) => {
    if (!moveBy(event, player)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <Box
      ref={track}
      className={classes.line}
      role="slider"
      tabIndex={0}
      aria-label={t.viewer.timeLine}
      aria-valuemin={Number(fromS.toFixed(2))}
      aria-valuemax={Number(toS.toFixed(2))}
      aria-valuenow={Number(timeS.toFixed(2))}
      aria-valuetext={t.viewer.seconds(formatNumber(timeS, 2))}
      onKeyDown={keys}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        seekTo(event);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) seekTo(event);
      }}
    >
      <Background marks={marks} series={series} fromS={fromS} toS={toS} />
      <Box className={classes.cursor} style={{ left: share(timeS) }} />
    </Box>
  );
}

/** The keys of a slider; false for other keys. */
function moveBy(event: KeyboardEvent, player: Player): boolean {
  switch (event.key) {
    case "ArrowLeft":
    case "ArrowDown":
      player.step(event.shiftKey ? -10 : -1);
      return true;
    case "ArrowRight":
    case "ArrowUp":
      player.step(event.shiftKey ? 10 : 1);
      return true;
    case "PageDown":
      player.step(-10);
      return true;
    case "PageUp":
      player.step(10);
      return true;
    case "Home":
      player.seek(player.range.fromS);
      return true;
    case "End":
      player.seek(player.range.toS);
      return true;
    default:
      return false;
  }
}

/** What does not move with the cursor. */
const Background = memo(function Background({
  marks,
  series,
  fromS,
  toS,
}: {
  marks: Marks | null;
  series: Series | null;
  fromS: number;
  toS: number;
}) {
  const curves = useMemo(() => {
    if (!series) return [];
    const found = effortCurves(series, TARGETS[series.movement]);
    const top = Math.max(1, ...found.flatMap((c) => c.values.map((value) => value ?? 0))) * 1.08;
    return found.map((curve) => ({
      side: curve.side,
      path: pathOf(curve.values, series.time_s, { fromS, toS }, top, SIZE),
    }));
  }, [series, fromS, toS]);
  const share = (at: number) => (100 * (at - fromS)) / (toS - fromS || 1);
  const place = (span: { fromS: number; toS: number }) => ({
    left: `${share(span.fromS)}%`,
    width: `${Math.max(0.3, share(span.toS) - share(span.fromS))}%`,
  });
  return (
    <>
      {marks?.rest.map((span) => (
        <Box
          key={`rest-${span.fromS}`}
          className={classes.rest}
          style={place(span)}
          title={t.viewer.restSpan}
        />
      ))}
      {marks?.repetitions.map((r) => (
        <Box key={`rep-${r.number}`} className={classes.repetition} style={place(r)} />
      ))}
      <svg
        className={classes.curves}
        viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
        preserveAspectRatio="none"
        aria-hidden
      >
        {curves.map(({ side, path }) => (
          <path
            key={side}
            d={path}
            fill="none"
            stroke={side === "right" ? SIDE_COLOURS.right : SIDE_COLOURS.left}
            strokeWidth={1.5}
            vectorEffect="non-scaling-stroke"
          />
        ))}
      </svg>
      {marks?.excluded.map((span) => (
        <Box
          key={`out-${span.fromS}`}
          className={classes.excluded}
          style={place(span)}
          title={span.reason}
        />
      ))}
      {marks?.repetitions.map((r) => (
        <Box key={`marks-${r.number}`}>
          <Tick at={share(r.fromS)} label={t.viewer.onset} />
          <Tick at={share(r.peakS)} label={t.viewer.peak} strong />
          <Tick at={share(r.toS)} label={t.viewer.offset} />
        </Box>
      ))}
      {marks?.restFrameS != null && (
        <Tick at={share(marks.restFrameS)} label={t.viewer.restFrame} />
      )}
    </>
  );
});

function Tick({ at, label, strong }: { at: number; label: string; strong?: boolean }) {
  return (
    <Box
      className={classes.tick}
      data-strong={strong}
      data-late={at > 92 || undefined}
      style={{ left: `${at}%` }}
    >
      <span>{label}</span>
    </Box>
  );
}
