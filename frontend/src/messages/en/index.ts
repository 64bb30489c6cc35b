import { account } from "./account";
import { admin } from "./admin";
import { app } from "./app";
import { capture } from "./capture";
import { clinical } from "./clinical";
import { jobs } from "./jobs";
import { measures } from "./measures";
import { patients } from "./patients";
import { progress } from "./progress";
import { research } from "./research";
import { review } from "./review";
import { session } from "./session";
import { viewer } from "./viewer";
import { visits } from "./visits";

export const en = {
  account,
  admin,
  app,
  capture,
  clinical,
  jobs,
  measures,
  patients,
  progress,
  research,
  review,
  session,
  viewer,
  visits,
};
