// The texts of the page, in one catalogue: here those of the first page, in `all` the others, too.
// Another language is another set of objects of the same types.

import { app } from "./en/app";
import { clinical } from "./en/clinical";
import { jobs } from "./en/jobs";
import { patients } from "./en/patients";
import { session } from "./en/session";
import { visits } from "./en/visits";

/** The texts in force on the first page. */
export const t = { app, clinical, jobs, patients, session, visits };
