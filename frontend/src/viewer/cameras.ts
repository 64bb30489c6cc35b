// One camera for two scenes, so that two visits are seen from the same place.

import type { FaceScene } from "./scene";

/** Let two scenes share one camera; returns the way out. */
export function linkCameras(a: FaceScene, b: FaceScene): () => void {
  let moving = false;
  const share = (from: FaceScene, to: FaceScene) => () => {
    if (moving) return;
    moving = true;
    to.cameraPose = from.cameraPose;
    moving = false;
  };
  const stops = [a.onCamera(share(a, b)), b.onCamera(share(b, a))];
  b.cameraPose = a.cameraPose;
  return () => {
    for (const stop of stops) stop();
  };
}
