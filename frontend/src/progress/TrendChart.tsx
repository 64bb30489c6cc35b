// A measure over all visits with uPlot: intervals as whiskers, reference lines, events.

import { Box, useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Schemas } from "../api/client";
import { formatDay, formatNumber } from "../kit/formats";
import { t } from "../messages/all";
import { unitName } from "../messages/en/clinical";
import { decimalsOf } from "./estimates";

export type Trend = Schemas["TrendRead"];

const DAY_S = 86_400;
const COLOURS = {
  light: { ink: "#495057", grid: "#e4e7eb", first: "#0b5cad", second: "#b45309" },
  dark: { ink: "#b8bec6", grid: "#33383f", first: "#7cc0ff", second: "#fbb066" },
};

/** Seconds on the axis: the day itself, or days from the first visit for pseudonymous readers. */
export function placeOf(place: { visited_on: string | null; day: number }): number {
  return place.visited_on ? Date.parse(`${place.visited_on}T00:00:00Z`) / 1000 : place.day * DAY_S;
}

/** What the axes must hold: values, whiskers, events, and the lines that are drawn. */
export function extentOf(trends: readonly Trend[]): { x: [number, number]; y: [number, number] } {
  const points = trends.flatMap((trend) => trend.points);
  const xs = points.map((point) => placeOf(point.visit));
  const ys = points.flatMap((p) => [p.value, p.ci_lo, p.ci_hi].filter((v) => v !== null));
  for (const { value } of linesOf(trends)) ys.push(value);
  const spread = (values: number[], least: number): [number, number] => {
    const low = Math.min(...values);
    const high = Math.max(...values);
    const room = Math.max(high - low, least) * 0.08;
    return [low - room, high + room];
  };
  return {
    x: xs.length ? spread(xs, 14 * DAY_S) : [0, DAY_S],
    y: ys.length ? spread([...ys, 0], 1) : [0, 1],
  };
}

/** Level lines: how far the last value must be from the first to be told from it, and to be seen. */
export function linesOf(trends: readonly Trend[]): { value: number; name: string }[] {
  const [trend] = trends;
  const first = trend?.points.find((point) => point.comparable && point.value !== null);
  const lines: { value: number; name: string }[] = [];
  if (trend?.mdc95 && first?.value != null) {
    for (const sign of [-1, 1]) {
      const value = first.value + sign * trend.mdc95.value;
      if (value >= 0 || first.value < 0) lines.push({ value, name: t.progress.measurableShort });
    }
  }
  if (trend?.perception)
    lines.push({ value: trend.perception.value, name: t.progress.visibleShort });
  return lines;
}

export function TrendChart({
  trends,
  height,
  label,
  plain = false,
}: {
  /** One measure on one or two sides. */
  trends: Trend[];
  height: number;
  label: string;
  /** Without axes' words and lines' names, for small charts. */
  plain?: boolean;
}) {
  const box = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  useEffect(() => {
    const place = box.current;
    const [trend] = trends;
    if (!place || !trend) return;
    const colours = COLOURS[scheme];
    const { x, y } = extentOf(trends);
    const xs = [...new Set(trends.flatMap((one) => one.points.map((p) => placeOf(p.visit))))].sort(
      (a, b) => a - b,
    );
    const dated = trend.points.some((point) => point.visit.visited_on !== null);
    const axis = {
      stroke: colours.ink,
      font: "11px system-ui, sans-serif",
      grid: { stroke: colours.grid, width: 1 },
      ticks: { stroke: colours.grid, width: 1 },
    };
    const inks = [colours.first, colours.second];
    const unit = unitName(trend.unit);
    const plot = new uPlot(
      {
        width: place.clientWidth,
        height,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: dated, range: x }, y: { range: y } },
        series: [
          {},
          ...trends.map((one, i) => ({
            label: t.clinical.sides[one.side] ?? one.side,
            stroke: inks[i] ?? colours.ink,
            width: 2,
            dash: i === 1 ? [6, 3] : [],
            points: { show: true, size: 7, fill: inks[i] ?? colours.ink },
          })),
        ],
        axes: [
          {
            ...axis,
            values: (_, ticks) =>
              ticks.map((tick) =>
                dated
                  ? formatDay(new Date(tick * 1000).toISOString())
                  : t.progress.day(Math.round(tick / DAY_S)),
              ),
            space: plain ? 140 : 100,
          },
          {
            ...axis,
            size: 62,
            values: (_, ticks) =>
              ticks.map(
                (tick) => `${formatNumber(tick, tick % 1 ? decimalsOf(trend.unit) : 0)} ${unit}`,
              ),
          },
        ],
        hooks: {
          drawClear: [
            (drawn) => {
              for (const { value, name } of linesOf(trends)) {
                level(drawn, value, plain ? "" : name, colours.ink);
              }
              for (const event of trend.events) {
                const at = placeOf({ visited_on: event.happened_on, day: event.day });
                upright(drawn, at, plain ? "" : event.title, colours.ink);
              }
            },
          ],
          draw: [
            (drawn) => {
              trends.forEach((one, i) => {
                for (const point of one.points) {
                  whisker(drawn, point, inks[i] ?? colours.ink);
                }
              });
            },
          ],
        },
      },
      [
        xs,
        ...trends.map((one) =>
          xs.map((at) => one.points.find((p) => placeOf(p.visit) === at)?.value ?? null),
        ),
      ] as uPlot.AlignedData,
      place,
    );
    const observer = new ResizeObserver(() => {
      if (place.clientWidth > 0) plot.setSize({ width: place.clientWidth, height });
    });
    observer.observe(place);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [trends, height, plain, scheme]);
  return <Box ref={box} role="img" aria-label={label} mih={height} data-testid="trend-chart" />;
}

function inked(plot: uPlot, stroke: string, alpha: number, dash: number[], draw: () => void): void {
  const { ctx } = plot;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.fillStyle = stroke;
  ctx.globalAlpha = alpha;
  ctx.lineWidth = window.devicePixelRatio || 1;
  ctx.setLineDash(dash);
  ctx.font = `${11 * (window.devicePixelRatio || 1)}px system-ui, sans-serif`;
  ctx.beginPath();
  draw();
  ctx.stroke();
  ctx.restore();
}

function level(plot: uPlot, value: number, name: string, stroke: string): void {
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(value, "y", true)) + 0.5;
  inked(plot, stroke, 0.7, [4, 4], () => {
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.textAlign = "right";
    ctx.fillText(name, bbox.left + bbox.width - 4, y - 4);
  });
}

function upright(plot: uPlot, at: number, name: string, stroke: string): void {
  const { ctx, bbox } = plot;
  const x = Math.round(plot.valToPos(at, "x", true)) + 0.5;
  if (x < bbox.left || x > bbox.left + bbox.width) return;
  inked(plot, stroke, 0.6, [2, 3], () => {
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.fillText(name, x + 4, bbox.top + 12 * (window.devicePixelRatio || 1));
  });
}

function whisker(plot: uPlot, point: Trend["points"][number], stroke: string): void {
  if (point.ci_lo === null || point.ci_hi === null) return;
  const { ctx } = plot;
  const x = Math.round(plot.valToPos(placeOf(point.visit), "x", true)) + 0.5;
  // What is measured with another model is drawn fainter: it is not compared.
  inked(plot, stroke, point.comparable ? 0.9 : 0.35, [], () => {
    const low = plot.valToPos(point.ci_lo as number, "y", true);
    const high = plot.valToPos(point.ci_hi as number, "y", true);
    ctx.moveTo(x, low);
    ctx.lineTo(x, high);
    for (const end of [low, high]) {
      ctx.moveTo(x - 4, end);
      ctx.lineTo(x + 4, end);
    }
  });
}
