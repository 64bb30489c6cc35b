import { expect, it, vi } from "vitest";
import { type Happening, JobFeed, type JobStep, readEvent } from "./feed";

class Source extends EventTarget {
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  readyState = 0;
  closed = false;
  close() {
    this.closed = true;
  }
  say(kind: string, data: unknown) {
    this.dispatchEvent(new MessageEvent(kind, { data: JSON.stringify(data) }));
  }
}

function opened() {
  const sources: Source[] = [];
  const feed = new JobFeed(() => {
    sources.push(new Source());
    return sources.at(-1) as unknown as EventSource;
  });
  return { feed, sources };
}

it("reads progress and happenings, and nothing else", () => {
  expect(readEvent("progress", '{"job_id":"a","stage":"fit","progress":0.5,"eta_s":12}')).toEqual({
    jobId: "a",
    stage: "fit",
    progress: 0.5,
    etaS: 12,
  });
  expect(readEvent("verdict", '{"job_id":"a","number":3}')).toEqual({
    kind: "verdict",
    jobId: "a",
    number: 3,
  });
  expect(readEvent("verdict", "not json")).toBeNull();
  expect(readEvent("unheard_of", '{"job_id":"a","number":3}')).toBeNull();
});

it("shares one stream, hears an event once, and ends with the last listener", () => {
  const { feed, sources } = opened();
  const heard: (Happening | JobStep)[] = [];
  const stop = feed.listen({ onHappening: (one) => heard.push(one) });
  const stopOther = feed.listen({ onStep: (one) => heard.push(one) });
  expect(sources).toHaveLength(1);
  sources[0]?.onopen?.();
  expect(feed.snapshot()).toBe("live");
  sources[0]?.say("queued", { job_id: "a", number: 1 });
  sources[0]?.say("queued", { job_id: "a", number: 1 });
  sources[0]?.say("progress", { job_id: "a", stage: null, progress: 0, eta_s: null });
  expect(heard).toHaveLength(2);
  stop();
  stopOther();
  expect(sources[0]?.closed).toBe(true);
});

it("is lost while the connection is, and opens anew after a refusal", () => {
  vi.useFakeTimers();
  const { feed, sources } = opened();
  feed.listen({});
  const [first] = sources;
  if (first) first.readyState = 2;
  first?.onerror?.();
  expect(feed.snapshot()).toBe("lost");
  vi.advanceTimersByTime(20_000);
  expect(sources).toHaveLength(2);
  vi.useRealTimers();
});
