// All texts, for places that are loaded when somebody goes there.

import { t as first } from ".";
import { account } from "./en/account";
import { admin } from "./en/admin";
import { capture } from "./en/capture";
import { measures } from "./en/measures";
import { progress } from "./en/progress";
import { research } from "./en/research";
import { review } from "./en/review";
import { viewer } from "./en/viewer";

/** The texts in force. */
export const t = {
  ...first,
  account,
  admin,
  capture,
  measures,
  progress,
  research,
  review,
  viewer,
};
