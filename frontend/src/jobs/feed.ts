// One stream of server-sent events for the whole tab, open while somebody listens. No React here.

/** Events that have an id at the service; `progress` comes besides, with the present share. */
export const HAPPENINGS = [
  "queued",
  "started",
  "retrying",
  "cancelling",
  "succeeded",
  "failed",
  "parked",
  "cancelled",
  "verdict",
  "published",
  "result",
] as const;

export interface Happening {
  kind: (typeof HAPPENINGS)[number];
  jobId: string;
  number: number;
}

export interface JobStep {
  jobId: string;
  stage: string | null;
  progress: number;
  etaS: number | null;
}

/** `lost`: ask the service by yourself until it is `live` again. */
export type FeedState = "connecting" | "live" | "lost";

export interface JobListener {
  onHappening?: (happening: Happening) => void;
  onStep?: (step: JobStep) => void;
}

const COME_BACK_MS = 15_000;

/** What the data of an event says; null where it is not what it should be. */
export function readEvent(kind: string, data: string): Happening | JobStep | null {
  let told: Record<string, unknown>;
  try {
    told = JSON.parse(data);
  } catch {
    return null;
  }
  if (typeof told.job_id !== "string") return null;
  const jobId = told.job_id;
  if (kind === "progress") {
    return {
      jobId,
      stage: typeof told.stage === "string" ? told.stage : null,
      progress: typeof told.progress === "number" ? told.progress : 0,
      etaS: typeof told.eta_s === "number" ? told.eta_s : null,
    };
  }
  const known = HAPPENINGS.find((one) => one === kind);
  if (!known || typeof told.number !== "number") return null;
  return { kind: known, jobId, number: told.number };
}

/** Opens `EventSource`; a test gives its own. */
type Open = (href: string) => EventSource;

export class JobFeed {
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private state: FeedState = "connecting";
  private readonly listeners = new Set<JobListener>();
  private readonly watchers = new Set<() => void>();
  // An event may come twice; job and number tell.
  private readonly heard = new Map<string, number>();

  constructor(private readonly open: Open = (href) => new EventSource(href)) {}

  snapshot = (): FeedState => this.state;

  /** Be told when the connection changes. */
  watch = (changed: () => void): (() => void) => {
    this.watchers.add(changed);
    return () => this.watchers.delete(changed);
  };

  /** Listen until the returned function is called; the first one connects, the last one ends. */
  listen(listener: JobListener): () => void {
    this.listeners.add(listener);
    if (this.listeners.size === 1) this.connect();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.disconnect();
    };
  }

  private connect(): void {
    clearTimeout(this.timer);
    const source = this.open("/api/v1/jobs/events");
    this.source = source;
    source.onopen = () => this.become("live");
    source.onerror = () => {
      this.become("lost");
      // The browser comes back by itself, but for a refusal: then the session may have ended.
      if (source.readyState === 2) this.timer = setTimeout(() => this.connect(), COME_BACK_MS);
    };
    source.addEventListener("progress", (event) => this.hear("progress", event));
    for (const kind of HAPPENINGS) {
      source.addEventListener(kind, (event) => this.hear(kind, event));
    }
  }

  private disconnect(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    this.state = "connecting";
  }

  private hear(kind: string, event: MessageEvent): void {
    this.become("live");
    const read = readEvent(kind, String(event.data));
    if (!read) return;
    if ("kind" in read) {
      if ((this.heard.get(read.jobId) ?? 0) >= read.number) return;
      this.heard.set(read.jobId, read.number);
      for (const listener of this.listeners) listener.onHappening?.(read);
    } else {
      for (const listener of this.listeners) listener.onStep?.(read);
    }
  }

  private become(state: FeedState): void {
    if (state === this.state) return;
    this.state = state;
    for (const changed of this.watchers) changed();
  }
}

/** The tab's own. */
export const jobFeed = new JobFeed();
