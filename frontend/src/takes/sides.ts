// The two colours of the patient's sides in curves; told apart by lightness, too.

export const SIDE_COLOURS = {
  left: "light-dark(#0b5cad, #7cc0ff)",
  right: "light-dark(#b45309, #fbb066)",
} as const;
