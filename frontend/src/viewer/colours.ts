// The colour scales: one diverging for signed millimetres, one sequential for magnitudes; no drawing.

export type Rgb = [number, number, number];

/** Blue - neutral - orange: told apart by all kinds of colour sight, equal steps in lightness. */
const DIVERGING: readonly Rgb[] = [
  [8, 48, 107],
  [33, 102, 172],
  [90, 155, 205],
  [163, 203, 230],
  [232, 230, 226],
  [248, 196, 143],
  [230, 140, 62],
  [190, 88, 12],
  [120, 48, 4],
];

/** Light to dark without a hue that could be read as a sign (cividis-like). */
const SEQUENTIAL: readonly Rgb[] = [
  [238, 236, 228],
  [214, 217, 205],
  [170, 194, 186],
  [122, 166, 172],
  [80, 134, 156],
  [54, 100, 134],
  [42, 66, 104],
  [34, 36, 68],
];

/** Skin where no layer is shown, and where a layer has no value. */
export const SKIN: Rgb = [214, 190, 174];
export const NO_VALUE: Rgb = [146, 146, 150];

export interface Scale {
  kind: "diverging" | "sequential";
  /** Value at the lower end, and at the upper one, in mm. */
  from: number;
  to: number;
}

export const ASYMMETRY_LIMITS_MM = [2, 3, 5, 10] as const;
export const DEFAULT_ASYMMETRY_LIMIT_MM = 5;

/** A scale centred on 0. */
export function symmetricScale(limitMm: number): Scale {
  return { kind: "diverging", from: -limitMm, to: limitMm };
}

/** A scale from 0. */
export function magnitudeScale(limitMm: number): Scale {
  return { kind: "sequential", from: 0, to: limitMm };
}

function between(stops: readonly Rgb[], share: number): Rgb {
  const place = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const low = Math.min(stops.length - 2, Math.floor(place));
  const a = stops[low] as Rgb;
  const b = stops[low + 1] as Rgb;
  const rest = place - low;
  return [0, 1, 2].map((c) =>
    Math.round((a[c] as number) * (1 - rest) + (b[c] as number) * rest),
  ) as Rgb;
}

/** The colour of a value; beyond the ends it stays that of the end, NaN is grey. */
export function colourOf(value: number, scale: Scale): Rgb {
  if (Number.isNaN(value)) return NO_VALUE;
  const stops = scale.kind === "diverging" ? DIVERGING : SEQUENTIAL;
  return between(stops, (value - scale.from) / (scale.to - scale.from));
}

/** RGBA bytes of a whole scale, for a texture. */
export function scaleTexels(kind: Scale["kind"], width = 256): Uint8Array {
  const stops = kind === "diverging" ? DIVERGING : SEQUENTIAL;
  const texels = new Uint8Array(4 * width);
  for (let i = 0; i < width; i++) {
    texels.set([...between(stops, i / (width - 1)), 255], 4 * i);
  }
  return texels;
}

/** Where a legend is labelled: round numbers, both ends, and 0 in the middle of a signed scale. */
export function legendTicks({ kind, from, to }: Scale): number[] {
  if (kind === "diverging") return [from, from / 2, 0, to / 2, to];
  // As many steps as give whole or half numbers.
  const steps = [5, 4, 3].find((n) => Number.isInteger((2 * (to - from)) / n)) ?? 4;
  return Array.from({ length: steps + 1 }, (_, i) => from + ((to - from) * i) / steps);
}

/** CSS of a colour. */
export function cssOf([r, g, b]: Rgb): string {
  return `rgb(${r}, ${g}, ${b})`;
}

/** CSS gradient of a scale, from its lower end to the right. */
export function gradientOf(kind: Scale["kind"]): string {
  const stops = kind === "diverging" ? DIVERGING : SEQUENTIAL;
  return `linear-gradient(to right, ${stops.map(cssOf).join(", ")})`;
}

/** The smallest of 1, 2, 3, 5 x 10^n that is not below a value: ends of scales people can read. */
export function roundLimit(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const digit of [1, 2, 3, 5, 10]) {
    if (value <= digit * power * (1 + 1e-9)) return digit * power;
  }
  return 10 * power;
}
