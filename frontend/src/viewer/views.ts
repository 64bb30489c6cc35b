// Where the camera stands for each preset view, in the head frame (+x the patient's left).

export const VIEWS = ["front", "left", "right", "left45", "right45", "below", "top"] as const;
export type PresetView = (typeof VIEWS)[number];

const D = Math.SQRT1_2;

/** Unit vectors from the face to the camera. */
export const VIEW_DIRECTIONS: Record<PresetView, readonly [number, number, number]> = {
  front: [0, 0, 1],
  left: [1, 0, 0],
  right: [-1, 0, 0],
  left45: [D, 0, D],
  right45: [-D, 0, D],
  // Not quite upright, so that the camera knows which way is up.
  below: [0, -0.94, 0.342],
  top: [0, 0.94, 0.342],
};
