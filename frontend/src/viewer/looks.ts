// What the skin looks like where no layer is shown: eyes, lips, inside of the mouth; per vertex.

import type { Rgb } from "./colours";
import { SKIN } from "./colours";
import { colour } from "./shading";
import type { Topology } from "./topology";

const LIPS: Rgb = [198, 140, 130];
const MOUTH: Rgb = [92, 46, 46];
const EYE: Rgb = [236, 234, 230];
const IRIS: Rgb = [96, 78, 62];
const PUPIL: Rgb = [26, 24, 24];
const SCALP: Rgb = [196, 174, 160];
const IRIS_MM = 5.9;
const PUPIL_MM = 2.2;

/** (V x 3) colours for the shader, and (V) whether layers colour a vertex: the face, not the scalp. */
export function looks(topology: Topology): { albedo: Float32Array; coloured: Float32Array } {
  const albedo = new Float32Array(3 * topology.vertices);
  const coloured = new Float32Array(topology.vertices);
  const { regions, points, templateMm } = topology;
  const inEye = (v: number) => regions.eye_left?.[v] || regions.eye_right?.[v];
  const toPupil = (v: number) => {
    const pupil = points[(topology.side[v] ?? 0) > 0 ? "pupil_left" : "pupil_right"];
    if (pupil === undefined) return Number.POSITIVE_INFINITY;
    return Math.hypot(
      (templateMm[3 * v] as number) - (templateMm[3 * pupil] as number),
      (templateMm[3 * v + 1] as number) - (templateMm[3 * pupil + 1] as number),
      (templateMm[3 * v + 2] as number) - (templateMm[3 * pupil + 2] as number),
    );
  };
  const tones = { SKIN, LIPS, MOUTH, EYE, IRIS, PUPIL, SCALP };
  const lit = Object.fromEntries(
    Object.entries(tones).map(([name, rgb]) => [name, colour(rgb).toArray()]),
  ) as Record<keyof typeof tones, number[]>;
  for (let v = 0; v < topology.vertices; v++) {
    let tone: keyof typeof tones = "SKIN";
    if (inEye(v)) {
      const away = toPupil(v);
      tone = away < PUPIL_MM ? "PUPIL" : away < IRIS_MM ? "IRIS" : "EYE";
    } else if (regions.inside?.[v]) tone = "MOUTH";
    else if (regions.lips?.[v]) tone = "LIPS";
    else if (regions.scalp?.[v]) tone = "SCALP";
    albedo.set(lit[tone], 3 * v);
    coloured[v] = regions.face?.[v] && !inEye(v) ? 1 : 0;
  }
  return { albedo, coloured };
}
