// A chart of two sides over time with uPlot; loaded when it is first looked at.

import { Box, useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatNumber } from "../kit/formats";
import type { Player } from "../viewer";

export interface ChartCurve {
  label: string;
  side: "left" | "right" | "both";
  values: (number | null)[];
  /** Half of the 95 % interval of each value; empty where it is not known. */
  half: (number | null)[];
}

const INK = { light: "#495057", dark: "#b8bec6" };
const GRID = { light: "#e4e7eb", dark: "#33383f" };
const SIDES = {
  left: { light: "#0b5cad", dark: "#7cc0ff" },
  right: { light: "#b45309", dark: "#fbb066" },
  both: { light: "#3d4650", dark: "#d5dae1" },
};
const HEIGHT = 220;

export function Chart({
  timeS,
  curves,
  unit,
  moments,
  player,
  label,
}: {
  timeS: number[];
  curves: ChartCurve[];
  unit: string;
  /** Upright lines, in seconds. */
  moments: { atS: number; strong: boolean }[];
  player: Player;
  label: string;
}) {
  const box = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  useEffect(() => {
    const place = box.current;
    if (!place) return;
    const { data, series, bands } = dataOf(timeS, curves, scheme);
    const font = "11px system-ui, sans-serif";
    const axis = {
      stroke: INK[scheme],
      font,
      grid: { stroke: GRID[scheme], width: 1 },
      ticks: { stroke: GRID[scheme], width: 1 },
    };
    const plot = new uPlot(
      {
        width: place.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        scales: { x: { time: false } },
        cursor: { drag: { x: false, y: false }, points: { size: 6 } },
        series,
        bands,
        axes: [
          { ...axis, values: (_, ticks) => ticks.map((tick) => `${formatNumber(tick)} s`) },
          {
            ...axis,
            size: 58,
            values: (_, ticks) =>
              ticks.map((tick) => `${formatNumber(tick, tick % 1 ? 1 : 0)}${unit && ` ${unit}`}`),
          },
        ],
        hooks: {
          draw: [
            (drawn) => {
              for (const { atS, strong } of moments) {
                upright(drawn, atS, INK[scheme], strong ? 0.8 : 0.3, []);
              }
              upright(drawn, player.snapshot().timeS, "#2f6fdb", 1, []);
            },
          ],
        },
      },
      data,
      place,
    );
    const seek = (event: MouseEvent) => {
      const at = plot.posToVal(event.clientX - plot.over.getBoundingClientRect().left, "x");
      player.seek(at);
    };
    plot.over.addEventListener("click", seek);
    let shown = -1;
    const stop = player.subscribe(() => {
      const { frame } = player.snapshot();
      if (frame === shown) return;
      shown = frame;
      plot.redraw(false);
    });
    const observer = new ResizeObserver(() => {
      if (place.clientWidth > 0) plot.setSize({ width: place.clientWidth, height: HEIGHT });
    });
    observer.observe(place);
    return () => {
      stop();
      observer.disconnect();
      plot.destroy();
    };
  }, [timeS, curves, unit, moments, player, scheme]);
  return <Box ref={box} role="img" aria-label={label} mih={HEIGHT} data-testid="chart" />;
}

function dataOf(timeS: number[], curves: ChartCurve[], scheme: "light" | "dark") {
  const data: (number | null)[][] = [timeS];
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  for (const curve of curves) {
    const stroke = SIDES[curve.side][scheme];
    series.push({
      stroke,
      width: 2,
      label: curve.label,
      dash: curve.side === "right" ? [6, 3] : [],
    });
    data.push(curve.values);
    if (curve.half.length === 0) continue;
    const edge = (sign: 1 | -1) =>
      curve.values.map((value, i) => {
        const half = curve.half[i];
        return value === null || half == null ? null : value + sign * half;
      });
    const at = series.length;
    for (const sign of [1, -1] as const) {
      series.push({ stroke: "transparent", width: 0, points: { show: false } });
      data.push(edge(sign));
    }
    bands.push({ series: [at, at + 1], fill: `${stroke}22` });
  }
  return { data: data as uPlot.AlignedData, series, bands };
}

function upright(plot: uPlot, atS: number, stroke: string, alpha: number, dash: number[]): void {
  const { ctx, bbox } = plot;
  const x = Math.round(plot.valToPos(atS, "x", true)) + 0.5;
  if (x < bbox.left || x > bbox.left + bbox.width) return;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.globalAlpha = alpha;
  ctx.lineWidth = window.devicePixelRatio || 1;
  ctx.setLineDash(dash);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}
