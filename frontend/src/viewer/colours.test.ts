import { describe, expect, it } from "vitest";
import {
  colourOf,
  legendTicks,
  magnitudeScale,
  NO_VALUE,
  roundLimit,
  scaleTexels,
  symmetricScale,
} from "./colours";

const scale = symmetricScale(5);
const lightness = ([r, g, b]: number[]) =>
  0.2126 * (r as number) + 0.7152 * (g as number) + 0.0722 * (b as number);

describe("the diverging scale", () => {
  it("is neutral at 0, blue below, orange above", () => {
    const [r, g, b] = colourOf(0, scale);
    expect(Math.max(r, g, b) - Math.min(r, g, b)).toBeLessThan(12);
    const low = colourOf(-4, scale);
    const high = colourOf(4, scale);
    expect(low[2]).toBeGreaterThan(low[0]);
    expect(high[0]).toBeGreaterThan(high[2]);
  });

  it("darkens evenly to both ends, so that it works without hue", () => {
    const steps = [0, 1, 2, 3, 4, 5];
    for (const sign of [-1, 1]) {
      const values = steps.map((v) => lightness(colourOf(sign * v, scale)));
      for (let i = 1; i < values.length; i++) {
        expect(values[i]).toBeLessThan(values[i - 1] as number);
      }
    }
    for (const v of steps.slice(1)) {
      const apart = lightness(colourOf(v, scale)) - lightness(colourOf(-v, scale));
      expect(Math.abs(apart)).toBeLessThan(40);
    }
  });

  it("stays at its ends beyond them, and is grey without a value", () => {
    expect(colourOf(99, scale)).toEqual(colourOf(5, scale));
    expect(colourOf(-99, scale)).toEqual(colourOf(-5, scale));
    expect(colourOf(Number.NaN, scale)).toEqual(NO_VALUE);
  });
});

describe("the sequential scale", () => {
  it("gets darker with the value", () => {
    const values = [0, 2, 4, 6, 8, 10].map((v) => lightness(colourOf(v, magnitudeScale(10))));
    for (let i = 1; i < values.length; i++) expect(values[i]).toBeLessThan(values[i - 1] as number);
  });
});

describe("textures", () => {
  it("hold the colours of the scale, from end to end", () => {
    const texels = scaleTexels("diverging", 11);
    expect([...texels.slice(0, 3)]).toEqual(colourOf(-5, scale));
    expect([...texels.slice(20, 23)]).toEqual(colourOf(0, scale));
    expect([...texels.slice(40, 43)]).toEqual(colourOf(5, scale));
  });
});

describe("legends", () => {
  it("label both ends and 0", () => {
    expect(legendTicks(symmetricScale(5))).toEqual([-5, -2.5, 0, 2.5, 5]);
    expect(legendTicks(magnitudeScale(5))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(legendTicks(magnitudeScale(10))).toEqual([0, 2, 4, 6, 8, 10]);
    expect(legendTicks(magnitudeScale(2))).toEqual([0, 0.5, 1, 1.5, 2]);
    expect(legendTicks(magnitudeScale(3))).toEqual([0, 1, 2, 3]);
  });

  it("end at round numbers", () => {
    expect([0.4, 1, 1.2, 7, 23, 51, 0].map(roundLimit)).toEqual([0.5, 1, 2, 10, 30, 100, 1]);
  });
});
