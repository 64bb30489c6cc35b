// What a viewer can be asked to show, and the colour scale that goes with it.

import { DEFAULT_ASYMMETRY_LIMIT_MM, magnitudeScale, type Scale, symmetricScale } from "./colours";
import type { Field } from "./data";
import type { ClipAxis } from "./scene";
import type { Side } from "./topology";

export type Layer = "plain" | Field | "difference";
export const LAYERS = ["asymmetry", "displacement", "uncertainty", "plain"] as const;

export interface ViewerSettings {
  layer: Layer;
  /** Half width of the signed scale. */
  asymmetryLimitMm: number;
  displacementLimitMm: number;
  uncertaintyLimitMm: number;
  ghost: boolean;
  /** The side that is mirrored over the other one. */
  healthySide: Side;
  vectors: "off" | "points" | "regions";
  magnification: number;
  outlines: boolean;
  clip: { axis: ClipAxis | null; atMm: number };
  tool: "look" | "calliper";
  chosen: { region: string; side: Side | "both" } | null;
}

export const DEFAULT_SETTINGS: ViewerSettings = {
  layer: "asymmetry",
  asymmetryLimitMm: DEFAULT_ASYMMETRY_LIMIT_MM,
  displacementLimitMm: 10,
  uncertaintyLimitMm: 5,
  ghost: false,
  healthySide: "right",
  vectors: "off",
  magnification: 1,
  outlines: false,
  clip: { axis: null, atMm: 0 },
  tool: "look",
  chosen: null,
};

/** The scale that settings ask for. */
export function scaleOf(settings: ViewerSettings, difference: Scale | null): Scale | null {
  switch (settings.layer) {
    case "asymmetry":
      return symmetricScale(settings.asymmetryLimitMm);
    case "displacement":
      return magnitudeScale(settings.displacementLimitMm);
    case "uncertainty":
      return magnitudeScale(settings.uncertaintyLimitMm);
    case "difference":
      return difference;
    default:
      return null;
  }
}
