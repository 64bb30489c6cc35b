// The skin's material: soft light, and a colour layer read from a scale, in one small shader.

import {
  Color,
  DataTexture,
  DoubleSide,
  LinearFilter,
  type Plane,
  RGBAFormat,
  ShaderMaterial,
  SRGBColorSpace,
  UnsignedByteType,
} from "three";
import { NO_VALUE, type Rgb, type Scale, scaleTexels } from "./colours";

/** What stands for NaN in a vertex attribute, where graphics cards make what they like of it. */
export const NO_NUMBER = -1e6;

const VERTEX = /* glsl */ `
attribute float scalar;
attribute float coloured;
attribute vec3 albedo;
varying float vScalar;
varying float vColoured;
varying vec3 vAlbedo;
varying vec3 vNormal;
varying vec3 vEye;
#include <clipping_planes_pars_vertex>
void main() {
  vec4 mvPosition = modelViewMatrix * vec4(position, 1.0);
  vScalar = scalar;
  vColoured = coloured;
  vAlbedo = albedo;
  vNormal = normalMatrix * normal;
  vEye = -mvPosition.xyz;
  gl_Position = projectionMatrix * mvPosition;
  #include <clipping_planes_vertex>
}`;

const FRAGMENT = /* glsl */ `
uniform sampler2D scale;
uniform float low;
uniform float high;
uniform bool layered;
uniform vec3 noValue;
varying float vScalar;
varying float vColoured;
varying vec3 vAlbedo;
varying vec3 vNormal;
varying vec3 vEye;
#include <clipping_planes_pars_fragment>
void main() {
  #include <clipping_planes_fragment>
  vec3 normal = normalize(vNormal) * (gl_FrontFacing ? 1.0 : -1.0);
  vec3 base = vAlbedo;
  float flatness = 0.0;
  if (layered) {
    float place = clamp((vScalar - low) / (high - low), 0.0, 1.0);
    vec3 shown = vScalar < -1e5 ? noValue : texture2D(scale, vec2(mix(0.002, 0.998, place), 0.5)).rgb;
    flatness = smoothstep(0.3, 0.7, vColoured);
    base = mix(vAlbedo * 0.82, shown, flatness);
  }
  // Wrapped light from the upper left of the viewer, a little from below right, and one at the eye:
  // a face without hard shadows, in which a colour stays what the legend says.
  vec3 eye = normalize(vEye);
  float key = 0.5 + 0.5 * dot(normal, normalize(vec3(-0.45, 0.6, 0.75)));
  float fill = 0.5 + 0.5 * dot(normal, normalize(vec3(0.7, -0.25, 0.4)));
  float head = max(dot(normal, eye), 0.0);
  float soft = 0.16 + 0.52 * key * key + 0.16 * fill + 0.24 * head;
  float even = 0.62 + 0.24 * key + 0.14 * head;
  vec3 lit = base * mix(soft, even, flatness);
  gl_FragColor = vec4(lit, 1.0);
  #include <colorspace_fragment>
}`;

const GHOST_FRAGMENT = /* glsl */ `
uniform vec3 tint;
varying vec3 vNormal;
varying vec3 vEye;
#include <clipping_planes_pars_fragment>
void main() {
  #include <clipping_planes_fragment>
  vec3 normal = normalize(vNormal) * (gl_FrontFacing ? 1.0 : -1.0);
  float facing = abs(dot(normal, normalize(vEye)));
  float light = 0.75 + 0.25 * dot(normal, normalize(vec3(-0.45, 0.6, 0.75)));
  // Thin in front, dense at the rim: both surfaces can be read at once.
  gl_FragColor = vec4(tint * light, mix(0.85, 0.34, smoothstep(0.0, 0.75, facing)));
  #include <colorspace_fragment>
}`;

const GHOST_VERTEX = /* glsl */ `
varying vec3 vNormal;
varying vec3 vEye;
#include <clipping_planes_pars_vertex>
void main() {
  vec4 mvPosition = modelViewMatrix * vec4(position, 1.0);
  vNormal = normalMatrix * normal;
  vEye = -mvPosition.xyz;
  gl_Position = projectionMatrix * mvPosition;
  #include <clipping_planes_vertex>
}`;

/** sRGB bytes as a colour that light can be reckoned with. */
export function colour([r, g, b]: Rgb): Color {
  return new Color().setRGB(r / 255, g / 255, b / 255, SRGBColorSpace);
}

export class SkinMaterial extends ShaderMaterial {
  private readonly textures: Record<Scale["kind"], DataTexture>;

  constructor() {
    const textures = { diverging: texture("diverging"), sequential: texture("sequential") };
    super({
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      uniforms: {
        scale: { value: textures.diverging },
        low: { value: -5 },
        high: { value: 5 },
        layered: { value: false },
        noValue: { value: colour(NO_VALUE) },
      },
      side: DoubleSide,
      clipping: true,
      // Lines on the skin win against the skin.
      polygonOffset: true,
      polygonOffsetFactor: 1,
      polygonOffsetUnits: 1,
    });
    this.textures = textures;
  }

  /** Show this scale, or (null) plain skin. */
  show(scale: Scale | null): void {
    const { uniforms } = this;
    if (uniforms.layered) uniforms.layered.value = scale !== null;
    if (!scale) return;
    if (uniforms.scale) uniforms.scale.value = this.textures[scale.kind];
    if (uniforms.low) uniforms.low.value = scale.from;
    if (uniforms.high) uniforms.high.value = scale.to;
  }

  override dispose(): void {
    for (const one of Object.values(this.textures)) one.dispose();
    super.dispose();
  }
}

/** The mirrored healthy side: a translucent shell. */
export function ghostMaterial(): ShaderMaterial {
  return new ShaderMaterial({
    vertexShader: GHOST_VERTEX,
    fragmentShader: GHOST_FRAGMENT,
    uniforms: { tint: { value: colour([122, 92, 196]) } },
    side: DoubleSide,
    transparent: true,
    depthWrite: false,
    clipping: true,
  });
}

/** Where a clip plane may be: null removes it. */
export function clip(material: ShaderMaterial, plane: Plane | null): void {
  material.clippingPlanes = plane ? [plane] : [];
}

function texture(kind: Scale["kind"]): DataTexture {
  const width = 256;
  const made = new DataTexture(
    scaleTexels(kind, width) as Uint8Array<ArrayBuffer>,
    width,
    1,
    RGBAFormat,
    UnsignedByteType,
  );
  made.colorSpace = SRGBColorSpace;
  made.magFilter = LinearFilter;
  made.minFilter = LinearFilter;
  made.needsUpdate = true;
  return made;
}
