// The picture button of a take: what is written on the picture, and how the file is called.

import { useComputedColorScheme } from "@mantine/core";
import { useCallback } from "react";
import { formatClock, formatNumber } from "../kit/formats";
import { notify } from "../kit/notify";
import { t } from "../messages/all";
import { type FaceViewer, legendNumber, type Player, save, screenshot } from "../viewer";
import type { Analysis } from "./timeline";

const COLOURS = {
  light: { paper: "#ffffff", ink: "#14181f" },
  dark: { paper: "#16191d", ink: "#eceff3" },
};

/** Saves what the viewer shows, with legend, reading and notice drawn in. */
export function usePicture(
  viewer: FaceViewer | null,
  analysis: Analysis,
  player: Player | null,
): () => void {
  const scheme = useComputedColorScheme("light");
  return useCallback(() => {
    if (!viewer || !player) return;
    const { settings, pick, calliper } = viewer.snapshot();
    const { timeS, frame } = player.snapshot();
    const scale = viewer.scale;
    const lines = [
      [
        analysis.pseudonym,
        t.viewer.day(analysis.day),
        `${formatClock(timeS, true)} s, ${t.viewer.frame(frame)}`,
        analysis.model,
      ].join(" · "),
    ];
    if (settings.ghost) {
      lines.push(t.viewer.ghostLegend(t.clinical.sides[settings.healthySide] ?? ""));
    }
    if (pick) {
      const read = (value: { valueMm: number; halfMm: number | null } | null) =>
        value
          ? `${formatNumber(value.valueMm)} mm${value.halfMm === null ? "" : ` ± ${formatNumber(value.halfMm)}`}`
          : t.app.undetermined;
      lines.push(
        [
          pick.region ? t.clinical.regions[pick.region] : t.viewer.outside,
          t.clinical.sides[pick.side],
          `${t.viewer.layers.asymmetry} ${read(pick.asymmetry)}`,
          `${t.viewer.layers.displacement} ${read(pick.displacement)}`,
        ].join(" · "),
      );
    }
    if (calliper.reading) {
      const { valueMm, halfMm } = calliper.reading;
      lines.push(
        `${t.viewer.distance} ${formatNumber(valueMm)} mm${
          halfMm === null ? "" : ` ± ${formatNumber(halfMm)}`
        }`,
      );
    }
    const movement = t.clinical.movements[analysis.movement] ?? analysis.movement;
    screenshot(
      viewer.scene,
      {
        title: t.viewer.takeTitle(movement, analysis.take_number),
        lines,
        scale: scale && {
          of: scale,
          label: t.viewer.legend[settings.layer],
          ticks: (value) => legendNumber(value, scale),
        },
        notice: document.querySelector(".notice-strip")?.textContent || t.app.notice,
      },
      COLOURS[scheme],
    ).then((blob) => {
      save(
        blob,
        `${analysis.pseudonym}_day${analysis.day}_take${analysis.take_number}_frame${frame}.png`,
      );
      notify(t.viewer.screenshotSaved, "picture");
    });
  }, [viewer, analysis, player, scheme]);
}
