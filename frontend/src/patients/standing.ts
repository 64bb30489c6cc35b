// Where each purpose of consent stands, out of the signed papers.

import type { Schemas } from "../api/client";

export type Purpose = Schemas["Purpose"];
export type Paper = Schemas["ConsentRead"];
export const PURPOSES: Purpose[] = ["care", "research", "teaching", "model_training"];

export interface Standing {
  purpose: Purpose;
  state: "standing" | "withdrawn" | "missing";
  /** The paper that tells: the newest that stands, else the newest withdrawn one. */
  paper: Paper | null;
}

/** Every purpose once, in a fixed order. `papers` come with the newest first. */
export function standings(papers: Paper[]): Standing[] {
  return PURPOSES.map((purpose) => {
    const about = papers.filter((paper) => paper.purpose === purpose);
    const stands = about.find((paper) => paper.stands);
    if (stands) return { purpose, state: "standing", paper: stands };
    const [last] = about;
    return last
      ? { purpose, state: "withdrawn", paper: last }
      : { purpose, state: "missing", paper: null };
  });
}
