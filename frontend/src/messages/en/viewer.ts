export const viewer = {
  title: "Viewer",
  face: "The face in 3D. Drag to turn it, scroll to zoom, click to read a point.",
  loadingFace: "Loading the face",
  noWebGL: "This browser shows no 3D here.",
  noWebGLNext:
    "Videos, curves and measures work all the same. For the face, allow WebGL (hardware acceleration) in the browser's settings, or use another browser.",
  contextLost: "The graphics card took the picture away.",
  contextLostNext: "It comes back by itself; if it does not, load the page again.",
  broken: "The 3D view stopped.",
  brokenNext: "Videos, curves and measures go on. Try again, or load the page again.",
  layers: {
    asymmetry: "Asymmetry",
    displacement: "Movement from rest",
    uncertainty: "Uncertainty",
    plain: "Plain",
    difference: "Difference",
  },
  legend: {
    asymmetry: "Asymmetry against the mirrored other side, mm",
    displacement: "Distance from rest, mm",
    uncertainty: "Uncertainty of a point (1 SD, worst direction), mm",
    plain: "Plain surface, no values",
    difference: "Difference of the movement, later minus earlier visit, mm",
  },
  legendNotes: {
    asymmetry: "blue: lies further in than its counterpart · orange: stands further out",
    displacement: "grey: no rest to measure from, or not measured",
    uncertainty: "grey: not measured",
    plain: "",
    difference: "blue: moves less · orange: moves more",
  },
};
