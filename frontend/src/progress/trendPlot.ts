// Draws one measure over all visits with uPlot: intervals, models, reference lines, events.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatDay, formatNumber } from "../kit/formats";
import { t } from "../messages/all";
import { unitName } from "../messages/en/clinical";
import { decimalsOf, numberText } from "./numbers";
import {
  extentOf,
  isDated,
  measurableBand,
  placeOf,
  stretchesOf,
  type Trend,
  type TrendPoint,
  thinned,
  visibleFrom,
  visitsOf,
} from "./trendLines";

export interface TrendPlotOptions {
  /** One measure on one or two sides. */
  trends: readonly Trend[];
  /** Which of them the reference lines belong to. */
  chosen: number;
  height: number;
  scheme: "light" | "dark";
  /** Without the names of lines, for small charts. */
  plain: boolean;
}

const COLOURS = {
  light: { ink: "#495057", grid: "#e4e7eb", first: "#0b5cad", second: "#b45309" },
  dark: { ink: "#b8bec6", grid: "#33383f", first: "#7cc0ff", second: "#fbb066" },
};
const LABEL_PX = 96;
const FONT = "11px system-ui, sans-serif";

export class TrendPlot {
  private readonly plot: uPlot;
  private readonly observer: ResizeObserver;

  constructor(
    place: HTMLElement,
    private readonly options: TrendPlotOptions,
  ) {
    this.plot = new uPlot(this.settings(place.clientWidth), this.data(), place);
    this.observer = new ResizeObserver(() => {
      if (place.clientWidth > 0) {
        this.plot.setSize({ width: place.clientWidth, height: options.height });
      }
    });
    this.observer.observe(place);
  }

  dispose(): void {
    this.observer.disconnect();
    this.plot.destroy();
  }

  private get colours() {
    return COLOURS[this.options.scheme];
  }

  private inkOf(trend: number): string {
    return trend === this.options.chosen ? this.colours.first : this.colours.second;
  }

  private data(): uPlot.AlignedData {
    const { trends } = this.options;
    const visits = visitsOf(trends);
    return [
      visits.map(placeOf),
      ...stretchesOf(trends).map(({ points }) =>
        visits.map((visit) => points.find((p) => p.visit.id === visit.id)?.value ?? null),
      ),
    ] as uPlot.AlignedData;
  }

  private settings(width: number): uPlot.Options {
    const { trends, chosen, height, plain } = this.options;
    const { colours } = this;
    const [trend] = trends;
    const dated = isDated(trends);
    const { x, y } = extentOf(trends, chosen);
    const unit = trend ? unitName(trend.unit) : "";
    const axis = {
      stroke: colours.ink,
      font: FONT,
      grid: { stroke: colours.grid, width: 1 },
      ticks: { stroke: colours.grid, width: 1 },
    };
    return {
      width,
      height,
      legend: { show: false },
      cursor: { show: false },
      // Room for the last date, which stands in the middle below its visit.
      padding: [8, 40, 0, 0],
      scales: { x: { time: dated, range: x }, y: { range: y } },
      series: [
        {},
        ...stretchesOf(trends).map((stretch): uPlot.Series => {
          const ink = this.inkOf(stretch.trend);
          return {
            label: t.clinical.sides[trends[stretch.trend]?.side ?? ""] ?? "",
            stroke: ink,
            width: 2,
            dash: stretch.trend === chosen ? [] : [6, 3],
            alpha: stretch.comparable ? 1 : 0.5,
            spanGaps: true,
            // What is measured with another model has hollow points.
            points: {
              show: true,
              size: 8,
              width: 2,
              fill: stretch.comparable ? ink : "transparent",
            },
          };
        }),
      ],
      axes: [
        {
          ...axis,
          size: 34,
          splits: (drawn) => {
            const [low, high] = x;
            const least =
              ((high - low) * LABEL_PX) / Math.max(1, drawn.bbox.width / devicePixels());
            return thinned(visitsOf(trends).map(placeOf), least);
          },
          values: (_, places) =>
            places.map((place) =>
              dated ? formatDay(new Date(place * 1000).toISOString()) : t.progress.day(place),
            ),
        },
        {
          ...axis,
          size: 64,
          values: (_, ticks) =>
            ticks.map((tick) =>
              `${formatNumber(tick, tick % 1 ? decimalsOf(trend?.unit ?? "") : 0)} ${unit}`.trim(),
            ),
        },
      ],
      hooks: {
        drawClear: [
          (drawn) => {
            this.drawBand(drawn);
            this.drawVisible(drawn);
            this.drawEvents(drawn, plain);
          },
        ],
        draw: [
          (drawn) => {
            for (const stretch of stretchesOf(trends)) {
              for (const point of stretch.points) {
                whisker(drawn, point, this.inkOf(stretch.trend), stretch.comparable ? 0.9 : 0.45);
              }
            }
          },
        ],
      },
    };
  }

  private drawBand(plot: uPlot): void {
    const trend = this.options.trends[this.options.chosen];
    const band = trend && measurableBand(trend);
    if (!trend?.mdc95 || !band) return;
    const { ctx, bbox } = plot;
    const [low, high] = band.map((value) => plot.valToPos(value, "y", true)) as [number, number];
    inked(plot, this.colours.first, 0.1, [], () => {
      ctx.fillRect(bbox.left, high, bbox.width, low - high);
    });
    const size = `${numberText(trend.mdc95.value, trend.unit)} ${unitName(trend.unit)}`.trim();
    inked(plot, this.colours.first, 0.7, [4, 4], () => {
      for (const y of [low, high]) {
        ctx.moveTo(bbox.left, Math.round(y) + 0.5);
        ctx.lineTo(bbox.left + bbox.width, Math.round(y) + 0.5);
      }
    });
    if (!this.options.plain) {
      written(plot, t.progress.measurableLine(size, trend.mdc95.source), this.colours.ink, high);
    }
  }

  private drawVisible(plot: uPlot): void {
    const { trends, chosen, plain } = this.options;
    const trend = trends[chosen];
    if (!trend?.perception) return;
    const places = new Map(visitsOf(trends).map((visit) => [visit.id, placeOf(visit)]));
    const other = trends.find((_, i) => i !== chosen) ?? null;
    for (const line of visibleFrom(trend, other)) {
      const ends = line.map(({ visitId, value }) => [
        plot.valToPos(places.get(visitId) ?? 0, "x", true),
        plot.valToPos(value, "y", true),
      ]) as [number, number][];
      const [first, last] = [ends[0], ends.at(-1)];
      if (!first || !last) continue;
      const { ctx, bbox } = plot;
      inked(plot, this.colours.ink, 0.9, [1, 4], () => {
        ctx.lineWidth *= 2;
        ctx.moveTo(bbox.left, first[1]);
        for (const [x, y] of ends) ctx.lineTo(x, y);
        ctx.lineTo(bbox.left + bbox.width, last[1]);
      });
      if (!plain) {
        written(plot, t.progress.visibleLine(trend.perception.source), this.colours.ink, last[1]);
      }
    }
  }

  private drawEvents(plot: uPlot, plain: boolean): void {
    const [trend] = this.options.trends;
    const { ctx, bbox } = plot;
    for (const event of trend?.events ?? []) {
      const at = placeOf({ visited_on: event.happened_on, day: event.day });
      const x = Math.round(plot.valToPos(at, "x", true)) + 0.5;
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      inked(plot, this.colours.ink, 0.8, [2, 3], () => {
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        const words = event.title || t.progress.eventKinds[event.kind] || event.kind;
        if (!plain) ctx.fillText(words, x + 4, bbox.top + 12 * devicePixels());
      });
    }
  }
}

function devicePixels(): number {
  return window.devicePixelRatio || 1;
}

function inked(plot: uPlot, stroke: string, alpha: number, dash: number[], draw: () => void): void {
  const { ctx } = plot;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.fillStyle = stroke;
  ctx.globalAlpha = alpha;
  ctx.lineWidth = devicePixels();
  ctx.setLineDash(dash.map((length) => length * devicePixels()));
  ctx.font = `${11 * devicePixels()}px system-ui, sans-serif`;
  ctx.beginPath();
  draw();
  ctx.stroke();
  ctx.restore();
}

/** Words above a line, at its left end. */
function written(plot: uPlot, words: string, ink: string, y: number): void {
  inked(plot, ink, 1, [], () => {
    plot.ctx.textBaseline = "bottom";
    plot.ctx.fillText(words, plot.bbox.left + 6 * devicePixels(), y - 3 * devicePixels());
  });
}

function whisker(plot: uPlot, point: TrendPoint, stroke: string, alpha: number): void {
  const { value, ci_lo, ci_hi } = point;
  if (value === null || ci_lo === null || ci_hi === null) return;
  const { ctx } = plot;
  const x = Math.round(plot.valToPos(placeOf(point.visit), "x", true)) + 0.5;
  const cap = 4 * devicePixels();
  inked(plot, stroke, alpha, [], () => {
    ctx.lineWidth *= 1.5;
    const [low, high] = [plot.valToPos(ci_lo, "y", true), plot.valToPos(ci_hi, "y", true)];
    ctx.moveTo(x, low);
    ctx.lineTo(x, high);
    for (const end of [low, high]) {
      ctx.moveTo(x - cap, end);
      ctx.lineTo(x + cap, end);
    }
  });
}
