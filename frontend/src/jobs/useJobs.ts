// Hooks that keep jobs on screen true: by events while the stream lives, else by asking again.

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { query, type Schemas } from "../api/client";
import { type FeedState, type Happening, type JobStep, jobFeed } from "./feed";

export type Job = Schemas["JobRead"];

interface JobPage {
  items: Job[];
}

const LIST = ["get", "/api/v1/jobs"];
const ONE = ["get", "/api/v1/jobs/{job_id}"];
const ASK_AGAIN_MS = 2_000;
// Nothing is missed while the stream lives; this is for what nobody thought of.
const LOOK_MS = 20_000;
const GATHER_MS = 150;
const MOST = 200;

/** Whether a job waits or runs. */
export function isAlive(job: Job): boolean {
  return job.state === "queued" || job.state === "running";
}

/** The job as it is after a step; the same object where nothing changed. */
export function stepped(job: Job, step: JobStep): Job {
  if (job.id !== step.jobId) return job;
  return { ...job, stage: step.stage, progress: step.progress, eta_s: step.etaS };
}

function take(client: QueryClient, step: JobStep): void {
  client.setQueriesData<JobPage>({ queryKey: LIST }, (page) =>
    page?.items.some((job) => job.id === step.jobId)
      ? { ...page, items: page.items.map((job) => stepped(job, step)) }
      : page,
  );
  client.setQueriesData<Job>({ queryKey: ONE }, (job) => job && stepped(job, step));
}

/**
 * Keep every list of jobs in the cache true while the caller is shown. `onHappening` is told what
 * happened, such as `verdict` and `published`, after which takes and analyses are worth a look.
 */
export function useJobEvents(onHappening?: (happening: Happening) => void): FeedState {
  const client = useQueryClient();
  const told = useRef(onHappening);
  told.current = onHappening;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = jobFeed.listen({
      onStep: (step) => take(client, step),
      onHappening: (happening) => {
        told.current?.(happening);
        // A recording sets several jobs going at once: one question for all.
        clearTimeout(timer);
        timer = setTimeout(() => {
          client.invalidateQueries({ queryKey: LIST });
          client.invalidateQueries({ queryKey: ONE });
        }, GATHER_MS);
      },
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [client]);
  return useSyncExternalStore(jobFeed.watch, jobFeed.snapshot);
}

function again(feed: FeedState, jobs: Job[] | undefined): number | false {
  if (!jobs?.some(isAlive)) return feed === "lost" ? LOOK_MS : false;
  return feed === "live" ? LOOK_MS : ASK_AGAIN_MS;
}

/** The jobs of a visit or of a take, the newest first, live. */
export function useJobs(
  of: { visit_id: string } | { take_id: string },
  options: { enabled?: boolean; onHappening?: (happening: Happening) => void } = {},
) {
  const feed = useJobEvents(options.onHappening);
  const answer = query.useQuery(
    "get",
    "/api/v1/jobs",
    { params: { query: { ...of, limit: MOST } } },
    {
      enabled: options.enabled ?? true,
      refetchInterval: ({ state }) => again(feed, state.data?.items),
    },
  );
  return { ...answer, jobs: answer.data?.items ?? [], feed };
}

/** One job, live. */
export function useJob(jobId: string) {
  const feed = useJobEvents();
  const answer = query.useQuery(
    "get",
    "/api/v1/jobs/{job_id}",
    { params: { path: { job_id: jobId } } },
    { refetchInterval: ({ state }) => again(feed, state.data ? [state.data] : undefined) },
  );
  return { ...answer, job: answer.data, feed };
}
