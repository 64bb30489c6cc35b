// What other places may use of the viewer: controllers without a framework, and their React frame.
//
//   const data = await FaceData.open(analysisId, { topologyId, signal });
//   const player = new Player(data.meshes.header.timeS, { first, last });
//   const viewer = new FaceViewer(div, data, player, { layer: "asymmetry", healthySide: "right" });
//   viewer.set({ ghost: true });            // settings: ViewerSettings
//   player.attach(video, syncOffsetS);      // time of the video + offset = time of the clock
//   const unlink = linkCameras(viewerA.scene, viewerB.scene);
//   const leave = playerB.follow(playerA, timeMap(anchors.map(a => ({from: a.before_s, to: a.after_s}))));
//   viewer.setDifference(await MeshStream.openFile("/api/v1/comparisons/displacement?..."));
//   viewer.dispose(); player.dispose(); data.close();
//
// `player.snapshot`/`player.subscribe` and `viewer.snapshot`/`viewer.subscribe` fit
// `useSyncExternalStore`. In React, `<FaceView data player settings onViewer />` is a viewer with
// its legend, its messages (no WebGL, context lost, failure) and its own error boundary.

export { linkCameras } from "./cameras";
export {
  ASYMMETRY_LIMITS_MM,
  colourOf,
  cssOf,
  gradientOf,
  legendTicks,
  magnitudeScale,
  roundLimit,
  type Scale,
  symmetricScale,
} from "./colours";
export { FaceData, type Field, type Series } from "./data";
export { FaceView } from "./FaceView";
export { Legend, legendNumber } from "./Legend";
export { type Anchor, frameAt, frameStep, timeMap } from "./phases";
export { Player, type PlayerState, SPEEDS, type Span } from "./player";
export { FaceScene, NoWebGLError } from "./scene";
export { save, screenshot } from "./screenshot";
export {
  DEFAULT_SETTINGS,
  LAYERS,
  type Layer,
  scaleOf,
  type ViewerSettings,
} from "./settings";
export { MeshStream } from "./stream";
export { loadTopology, REGIONS, type Region, type Side, type Topology } from "./topology";
export { FaceViewer, type ViewerState } from "./viewer";
export { type PresetView, VIEWS } from "./views";
