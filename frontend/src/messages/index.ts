// Every text of the page, in one catalogue. Another language is another object of the same type.

import { en } from "./en";

export type Catalogue = typeof en;

/** The texts in force. */
export const t: Catalogue = en;
