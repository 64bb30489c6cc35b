// What the picked point and the calliper read, over the picture.

import { Box, CloseButton, Group, Text } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { formatNumber } from "../kit/formats";
import { t } from "../messages/all";
import type { FaceViewer } from "../viewer";
import classes from "./Reading.module.css";

interface Measured {
  valueMm: number;
  halfMm: number | null;
}

export function Reading({
  viewer,
  onCurve,
}: {
  viewer: FaceViewer;
  onCurve: (region: string) => void;
}) {
  const { pick, calliper, settings } = useSyncExternalStore(viewer.subscribe, viewer.snapshot);
  const measuring = settings.tool === "calliper";
  if (!pick && !measuring) return null;
  return (
    <Box
      className={classes.card}
      role="status"
      data-testid="reading"
      data-vertex={pick?.vertex}
      data-frame={pick?.frame}
      data-ends={calliper.ends.join(" ")}
    >
      {measuring && (
        <Box>
          <Group justify="space-between" wrap="nowrap" gap="xs">
            <Text size="xs" fw={600}>
              {t.viewer.calliper}
            </Text>
            <CloseButton
              size="xs"
              aria-label={t.viewer.closeCalliper}
              onClick={() => {
                viewer.clearCalliper();
                viewer.set({ tool: "look" });
              }}
            />
          </Group>
          {calliper.reading ? (
            <Value label={t.viewer.distance} measured={calliper.reading} name="distance" />
          ) : (
            <Text size="xs" c="dimmed">
              {calliper.ends.length === 0 ? t.viewer.firstEnd : t.viewer.secondEnd}
            </Text>
          )}
        </Box>
      )}
      {pick && (
        <Box>
          <Group justify="space-between" wrap="nowrap" gap="xs">
            <Text size="xs" fw={600}>
              {pick.region
                ? `${t.clinical.regions[pick.region]}, ${t.clinical.sides[pick.side]}`
                : t.viewer.outside}
            </Text>
            <CloseButton
              size="xs"
              aria-label={t.viewer.letGo}
              onClick={() => {
                viewer.pick(null);
                viewer.set({ chosen: null });
              }}
            />
          </Group>
          <Value
            label={t.viewer.layers.asymmetry}
            measured={pick.asymmetry}
            signed
            name="asymmetry"
          />
          <Value
            label={t.viewer.layers.displacement}
            measured={pick.displacement}
            name="displacement"
          />
          {pick.ghostMm !== null && (
            <Value label={t.viewer.toGhost} measured={plain(pick.ghostMm)} name="ghost" />
          )}
          {pick.region && (
            <>
              <Text size="xs" c="dimmed" mt={4}>
                {t.viewer.regionMean}
              </Text>
              <Value
                label={t.viewer.layers.asymmetry}
                measured={plain(pick.regionAsymmetryMm)}
                signed
                name="region-asymmetry"
              />
              <Value
                label={t.viewer.layers.displacement}
                measured={plain(pick.regionDisplacementMm)}
                name="region-displacement"
              />
              <Group gap={8} mt={2}>
                <button
                  type="button"
                  className={classes.link}
                  onClick={() => onCurve(pick.region ?? "")}
                >
                  {t.viewer.showCurve}
                </button>
              </Group>
            </>
          )}
        </Box>
      )}
      <Text size="xs" c="dimmed" className={classes.note}>
        {t.viewer.intervalNote}
      </Text>
    </Box>
  );
}

function plain(value: number | null): Measured | null {
  return value === null ? null : { valueMm: value, halfMm: null };
}

function Value({
  label,
  measured,
  signed,
  name,
}: {
  label: string;
  measured: Measured | null;
  signed?: boolean;
  name: string;
}) {
  const text = measured
    ? `${signed && measured.valueMm > 0.05 ? "+" : ""}${formatNumber(measured.valueMm)} mm`
    : t.app.undetermined;
  return (
    <Group justify="space-between" gap={4} wrap="nowrap" className="numbers">
      <Text size="xs">{label}</Text>
      <Text
        size="xs"
        fw={600}
        className={classes.value}
        data-reading={name}
        data-value={measured?.valueMm.toFixed(4)}
      >
        {text}
        {measured?.halfMm != null && (
          <Text span size="xs" c="dimmed" fw={400}>
            {` ± ${formatNumber(measured.halfMm)}`}
          </Text>
        )}
      </Text>
    </Group>
  );
}
