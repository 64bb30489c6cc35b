// Words for what the science measures; ids as in models/movements.py. Sides are the patient's.

export const clinical = {
  movements: {
    rest: "Rest",
    brow_raise: "Brow raise",
    gentle_closure: "Gentle eye closure",
    tight_closure: "Tight eye closure",
    gentle_smile: "Gentle smile",
    full_smile: "Full smile",
    nose_wrinkle: "Nose wrinkle",
    pucker: "Lip pucker",
    lower_teeth: "Lower teeth",
  } as Record<string, string>,
  views: {
    left: "camera on the patient's left",
    center: "camera in front",
    right: "camera on the patient's right",
  } as Record<string, string>,
  sides: {
    left: "left",
    right: "right",
    midline: "midline",
    both: "both",
    affected: "affected",
    healthy: "healthy",
    none: "none",
  } as Record<string, string>,
  verdicts: {
    ok: "Good",
    warning: "Usable with warning",
    rejected: "Rejected",
  } as Record<string, string>,
  changes: {
    yes: "larger than the measurement error",
    no: "within the measurement error",
    unknown: "can't be told yet",
  } as Record<string, string>,
};
