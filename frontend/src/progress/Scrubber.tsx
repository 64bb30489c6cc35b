// One slider for both takes, on the time of the earlier one; marks are the phases they share.

import { Button, Group, NativeSelect, Slider, Text } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { formatClock } from "../kit/formats";
import { IconPlayerPause, IconPlayerPlay, IconRepeat } from "../kit/icons";
import { t } from "../messages/all";
import type { Player } from "../viewer";
import { marksOf, type PhaseAnchor, phaseAt } from "./phase";

const SPEEDS = [0.25, 0.5, 1];

export function Scrubber({ player, anchors }: { player: Player; anchors: readonly PhaseAnchor[] }) {
  const { timeS, playing, loop, speed } = useSyncExternalStore(player.subscribe, player.snapshot);
  const { fromS, toS } = player.range;
  const { part, repetition } = phaseAt(anchors, timeS);
  const Icon = playing ? IconPlayerPause : IconPlayerPlay;
  return (
    <Group wrap="nowrap" gap="sm" align="flex-start" pb="md">
      <Button
        size="xs"
        variant="default"
        flex="none"
        leftSection={<Icon size={14} aria-hidden />}
        onClick={() => player.toggle()}
      >
        {playing ? t.progress.pause : t.progress.play}
      </Button>
      <Button
        size="xs"
        variant={loop ? "filled" : "default"}
        flex="none"
        aria-pressed={loop !== null}
        leftSection={<IconRepeat size={14} aria-hidden />}
        onClick={() => player.setLoop(loop ? null : player.range)}
      >
        {t.progress.loop}
      </Button>
      <NativeSelect
        size="xs"
        w={84}
        flex="none"
        aria-label={t.progress.speed}
        value={String(SPEEDS.includes(speed) ? speed : 1)}
        data={SPEEDS.map((value) => ({ value: String(value), label: t.progress.times(value) }))}
        onChange={(event) => player.setSpeed(Number(event.currentTarget.value))}
      />
      <Slider
        flex={1}
        mt={6}
        min={fromS}
        max={toS}
        step={0.01}
        value={timeS}
        label={(value) => formatClock(value, true)}
        thumbLabel={t.progress.cursor}
        marks={marksOf(anchors).map(({ phase, before_s }) => ({
          value: before_s,
          // Onset and offset are close to each other's: the peak alone has its word.
          label: phase === "peak" ? t.progress.phases[phase] : undefined,
        }))}
        onChange={(value) => {
          player.pause();
          player.seek(value);
        }}
      />
      <Text size="xs" w={168} flex="none" ta="right" lh={1.3}>
        <span className="numbers">{formatClock(timeS, true)}</span>
        <br />
        {t.progress.parts[part](repetition)}
      </Text>
    </Group>
  );
}
