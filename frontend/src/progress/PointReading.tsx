// The same point of the skin in both visits: how far it is from rest, and by how much more.

import { Button, Group, Text } from "@mantine/core";
import { useEffect, useSyncExternalStore } from "react";
import { t } from "../messages/all";
import type { FaceViewer } from "../viewer";
import { numberText } from "./numbers";

/** A point that is picked on one face is picked on the other as well. */
function useSharedPick(first: FaceViewer, second: FaceViewer): void {
  useEffect(() => {
    let moving = false;
    const share = (from: FaceViewer, to: FaceViewer) => () => {
      const vertex = from.snapshot().pick?.vertex ?? null;
      if (moving || vertex === (to.snapshot().pick?.vertex ?? null)) return;
      moving = true;
      to.pick(vertex);
      moving = false;
    };
    const stops = [first.subscribe(share(first, second)), second.subscribe(share(second, first))];
    return () => {
      for (const stop of stops) stop();
    };
  }, [first, second]);
}

export function PointReading({ first, second }: { first: FaceViewer; second: FaceViewer }) {
  useSharedPick(first, second);
  const before = useSyncExternalStore(first.subscribe, first.snapshot).pick;
  const after = useSyncExternalStore(second.subscribe, second.snapshot).pick;
  if (!before || !after) {
    return (
      <Text size="xs" c="dimmed">
        {t.progress.clickPoint}
      </Text>
    );
  }
  const [one, other] = [before.displacement?.valueMm, after.displacement?.valueMm];
  const mm = (value: number | undefined, signed = false) =>
    value === undefined ? t.app.undetermined : `${numberText(value, "mm", signed)} mm`;
  const place = before.region
    ? `${t.clinical.regions[before.region] ?? before.region}, ${t.clinical.sides[before.side]}`
    : t.progress.noRegion;
  return (
    <Group gap="md" role="status">
      <Text size="sm" className="numbers">
        {t.progress.pointReading(
          place,
          mm(one),
          mm(other),
          mm(one === undefined || other === undefined ? undefined : other - one, true),
        )}
      </Text>
      <Button size="compact-xs" variant="subtle" onClick={() => first.pick(null)}>
        {t.progress.letGo}
      </Button>
    </Group>
  );
}
