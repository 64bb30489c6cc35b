// A picture of the face with legend, reading and notice drawn in, as a PNG.

import { colourOf, cssOf, legendTicks, type Scale } from "./colours";
import type { FaceScene } from "./scene";

export interface Caption {
  title: string;
  lines: readonly string[];
  /** What the scale means, with its unit; null without a layer. */
  scale: { of: Scale; label: string; ticks: (value: number) => string } | null;
  notice: string;
}

/** Draws the scene now and hands back the PNG. */
export async function screenshot(
  scene: FaceScene,
  caption: Caption,
  colours: { paper: string; ink: string },
): Promise<Blob> {
  scene.render();
  const source = scene.canvas;
  const unit = Math.max(1, source.width / 900);
  const footer = Math.round((caption.scale ? 92 : 44) * unit);
  const header = Math.round((26 + 18 * caption.lines.length + 12) * unit);
  const canvas = document.createElement("canvas");
  canvas.width = source.width;
  canvas.height = source.height + header + footer;
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("no canvas");
  pen.fillStyle = colours.paper;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(source, 0, header);
  pen.fillStyle = colours.ink;
  pen.textBaseline = "top";
  const margin = 14 * unit;
  pen.font = `600 ${16 * unit}px system-ui, sans-serif`;
  pen.fillText(caption.title, margin, 10 * unit);
  pen.font = `${13 * unit}px system-ui, sans-serif`;
  caption.lines.forEach((line, i) => {
    pen.fillText(line, margin, (32 + 18 * i) * unit);
  });
  const top = header + source.height;
  if (caption.scale) drawLegend(pen, caption.scale, margin, top + 6 * unit, unit, canvas.width);
  pen.fillStyle = colours.ink;
  pen.textAlign = "left";
  pen.font = `${12 * unit}px system-ui, sans-serif`;
  pen.fillText(caption.notice, margin, canvas.height - 24 * unit, canvas.width - 2 * margin);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/png");
  });
}

function drawLegend(
  pen: CanvasRenderingContext2D,
  { of, label, ticks }: NonNullable<Caption["scale"]>,
  left: number,
  top: number,
  unit: number,
  whole: number,
): void {
  const width = Math.min(360 * unit, whole - 2 * left);
  const ink = pen.fillStyle;
  pen.font = `${12 * unit}px system-ui, sans-serif`;
  pen.fillText(label, left, top);
  for (let x = 0; x < width; x++) {
    pen.fillStyle = cssOf(colourOf(of.from + ((of.to - of.from) * x) / width, of));
    pen.fillRect(left + x, top + 18 * unit, 1.5, 12 * unit);
  }
  pen.fillStyle = ink;
  pen.textAlign = "center";
  for (const tick of legendTicks(of)) {
    const x = left + (width * (tick - of.from)) / (of.to - of.from);
    pen.fillText(ticks(tick), Math.min(Math.max(x, left + 10 * unit), whole), top + 33 * unit);
  }
}

/** Offer a picture for saving. */
export function save(blob: Blob, name: string): void {
  const href = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = href;
  link.download = name;
  link.click();
  // The browser has taken the address by the next task.
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}
