// What other areas use of jobs.

export type { Happening } from "./feed";
export { JobList } from "./JobList";
export { JobProgress, jobWords } from "./JobProgress";
export { isAlive, type Job, useJob, useJobEvents, useJobs } from "./useJobs";
