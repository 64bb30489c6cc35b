import { Box, Text } from "@mantine/core";
import { formatNumber } from "../kit/formats";
import { t } from "../messages/all";
import { gradientOf, legendTicks, type Scale } from "./colours";
import classes from "./Legend.module.css";
import type { Layer } from "./settings";
import type { Side } from "./topology";

/** What the colours of a layer mean, in numbers with their unit; always on the screen. */
export function Legend({
  layer,
  scale,
  ghostOf = null,
}: {
  layer: Layer;
  scale: Scale | null;
  /** The side whose mirror image lies over the face. */
  ghostOf?: Side | null;
}) {
  const ghost = ghostOf ? t.viewer.ghostLegend(t.clinical.sides[ghostOf] ?? ghostOf) : "";
  if (!scale) {
    return (
      <Text size="xs" c="dimmed" data-testid="legend">
        {[t.viewer.legend.plain, ghost].filter(Boolean).join(" · ")}
      </Text>
    );
  }
  return (
    <Box className={classes.legend} data-testid="legend">
      <Text size="xs">{t.viewer.legend[layer]}</Text>
      <Box className={classes.bar} style={{ backgroundImage: gradientOf(scale.kind) }} />
      <Box className={`${classes.ticks} numbers`}>
        {legendTicks(scale).map((tick) => (
          <span key={tick}>{legendNumber(tick, scale)}</span>
        ))}
      </Box>
      <Text size="xs" c="dimmed">
        {[t.viewer.legendNotes[layer], ghost].filter(Boolean).join(" · ")}
      </Text>
    </Box>
  );
}

/** A tick as it is written: signed scales say so on both sides of 0. */
export function legendNumber(value: number, scale: Scale): string {
  const text = formatNumber(value, Number.isInteger(value) ? 0 : 1);
  return scale.kind === "diverging" && value > 0 ? `+${text}` : text;
}
