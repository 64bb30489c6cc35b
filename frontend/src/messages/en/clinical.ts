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
  regions: {
    brow: "Brow and forehead",
    cheek: "Cheek",
    face: "Whole face",
    lower_lip: "Lower lip and chin",
    lower_third: "Lower third",
    middle_third: "Middle third",
    nose: "Nose and nasolabial",
    periocular: "Around the eye",
    perioral: "Around the mouth",
    upper_lip: "Upper lip",
    upper_third: "Upper third",
  } as Record<string, string>,
  // Ids as in docs/measures.md, without the state (`_rest`, `_peak`) in which a position is read.
  measures: {
    alar_excursion: "Alar excursion",
    alar_excursion_anterior: "Alar excursion, forward",
    alar_excursion_lateral: "Alar excursion, lateral",
    alar_excursion_vertical: "Alar excursion, upward",
    asymmetry_index: "Asymmetry index of the movement",
    asymmetry_noise_floor: "Noise floor of the asymmetry",
    asymmetry_rms: "Mirror asymmetry (de-biased RMS)",
    asymmetry_rms_raw: "Mirror asymmetry as read (RMS)",
    brow_excursion: "Brow excursion",
    brow_excursion_anterior: "Brow excursion, forward",
    brow_excursion_lateral: "Brow excursion, lateral",
    brow_excursion_vertical: "Brow excursion, upward",
    brow_height: "Brow height above the pupil line",
    brow_height_deviation: "Brow height, left minus right",
    canthus_commissure_distance: "Inner canthus to commissure",
    commissure_depth: "Commissure, forward position",
    commissure_excursion: "Commissure excursion",
    commissure_excursion_anterior: "Commissure excursion, forward",
    commissure_excursion_lateral: "Commissure excursion, lateral",
    commissure_excursion_vertical: "Commissure excursion, upward",
    commissure_height: "Commissure height",
    commissure_height_deviation: "Commissure height, left minus right",
    commissure_lateral: "Commissure from the midline",
    dental_show: "Dental show",
    direction_similarity: "Direction similarity",
    displacement_ratio: "Ratio affected to healthy",
    fai: "Facial asymmetry index (FAI)",
    fissure_change: "Narrowing of the lid gap",
    fissure_height: "Lid gap (fissure height)",
    lid_closed: "Lids closed (below 1 mm)",
    lid_closure: "Lid closure from rest",
    lid_gap: "Lid gap",
    lid_gap_min: "Least lid gap (lagophthalmos)",
    lower_lip_excursion: "Lower lip excursion",
    lower_lip_excursion_anterior: "Lower lip excursion, forward",
    lower_lip_excursion_lateral: "Lower lip excursion, lateral",
    lower_lip_excursion_vertical: "Lower lip excursion, upward",
    lower_lip_height_deviation: "Lower lip height, left minus right",
    movement_similarity_index: "Movement similarity index",
    mrd1: "Upper lid above the pupil (MRD1)",
    mrd2: "Lower lid below the pupil (MRD2)",
    nlf_angle: "Nasolabial fold angle",
    ocular_synkinesis: "Ocular synkinesis",
    onset_lag: "Onset, left minus right",
    peak_velocity: "Peak velocity",
    philtrum_deviation: "Philtrum from the midline",
    region_displacement: "Movement of the region (RMS)",
    region_displacement_raw: "Movement of the region as read (RMS)",
    rise_time: "Rise time, 10 to 90 %",
    smile_angle: "Smile angle",
    synkinesis: "Synkinesis",
    synkinesis_percent: "Synkinesis, of the healthy side's movement",
    time_to_peak: "Time to peak",
    trajectory_correlation: "Trajectory correlation",
    trajectory_lag: "Trajectory lag, left minus right",
    upper_lip_height_deviation: "Upper lip height, left minus right",
  } as Record<string, string>,
  measureStates: { rest: "at rest", peak: "at the peak" },
  betweenRepetitions: "SD between repetitions",
  units: { "1": "", deg: "°", "%": "%" } as Record<string, string>,
  changes: {
    yes: "larger than the measurement error",
    no: "within the measurement error",
    unknown: "can't be told yet",
  } as Record<string, string>,
};

/** The name of a measure by its id, with the state of the face that it was read in. */
export function measureName(id: string): string {
  const repeated = id.replace(/_repetition_sd$/, "");
  const plain = repeated.replace(/_(rest|peak)$/, "");
  const state = repeated.endsWith("_rest") ? "rest" : repeated.endsWith("_peak") ? "peak" : null;
  const name = clinical.measures[plain] ?? plain.replaceAll("_", " ");
  return [
    name,
    ...(state && plain !== repeated ? [clinical.measureStates[state]] : []),
    ...(repeated !== id ? [clinical.betweenRepetitions] : []),
  ].join(", ");
}

/** A unit as people write it: UCUM's "1" is nothing, "deg" is a sign. */
export function unitName(unit: string): string {
  return clinical.units[unit] ?? unit;
}
