import { describe, expect, it } from "vitest";
import type { Schemas } from "../api/client";
import {
  inProtocolOrder,
  type Job,
  jobOf,
  progressOf,
  type Recording,
  reasonsOf,
  standOf,
  type Take,
} from "./standing";
import { targetOf } from "./targets";

const take = (more: Partial<Take> = {}): Take => ({
  id: "t",
  patient_id: "p",
  visit_id: "v",
  recording_id: "r",
  number: 1,
  movement: "full_smile",
  title: "Full smile",
  measured_as: "full_smile",
  repetition: 1,
  start_s: null,
  end_s: null,
  replaced_by_id: null,
  excluded_at: null,
  excluded_by_id: null,
  exclusion_reason: null,
  voided_at: null,
  void_reason: null,
  first_verdict: null,
  first_qc: null,
  analysis: null,
  created_at: "2026-03-01T10:00:00Z",
  created_by_id: null,
  version: 1,
  ...more,
});

const analysis = {
  id: "a",
  version_number: 1,
  state: "preliminary" as const,
  verdict: "ok" as const,
  published_at: "2026-03-01T10:05:00Z",
};

const job = (more: Partial<Job>): Job =>
  ({
    id: "j",
    kind: "analyze_take",
    state: "running",
    take_id: "t",
    recording_id: "r",
    created_at: "2026-03-01T10:01:00Z",
    finished_at: null,
    ...more,
  }) as Job;

const complete = { id: "r", state: "complete" } as Recording;

describe("where a take stands", () => {
  it("is told by what was done with it, before what is done to it", () => {
    const running = job({});
    const when = "2026-03-02T00:00:00Z";
    expect(standOf(take({ voided_at: when }), complete, running)).toBe("void");
    expect(standOf(take({ replaced_by_id: "n" }), complete, running)).toBe("replaced");
    expect(standOf(take({ excluded_at: when }), complete, running)).toBe("excluded");
    expect(standOf(take({ recording_id: null }), undefined, undefined)).toBe("planned");
  });

  it("follows its recording and its job", () => {
    const waiting = { id: "r", state: "waiting" } as Recording;
    expect(standOf(take(), waiting, undefined)).toBe("waiting");
    expect(standOf(take(), complete, job({ state: "queued" }))).toBe("working");
    expect(standOf(take(), complete, job({ state: "failed" }))).toBe("failed");
    expect(standOf(take(), complete, job({ state: "cancelled" }))).toBe("failed");
    expect(standOf(take(), complete, undefined)).toBe("idle");
    expect(standOf(take({ measured_as: null }), complete, undefined)).toBe("unmeasured");
  });

  it("forgets trouble that an analysis outlived, and a cancelled repetition", () => {
    const old = job({ state: "failed", finished_at: "2026-03-01T10:02:00Z" });
    const later = job({ state: "failed", finished_at: "2026-03-01T10:09:00Z" });
    expect(standOf(take({ analysis }), complete, old)).toBe("analysed");
    expect(standOf(take({ analysis }), complete, later)).toBe("failed");
    expect(standOf(take({ analysis }), complete, job({ state: "cancelled" }))).toBe("analysed");
  });

  it("is told by the first look while the analysis waits for it", () => {
    const look = job({ id: "l", kind: "quick_look", take_id: null });
    const queued = job({ state: "queued" });
    expect(jobOf(take(), [queued, look])?.id).toBe("l");
    expect(jobOf(take(), [job({}), look])?.id).toBe("j");
  });
});

describe("takes under their movements", () => {
  const movement = (id: string, optional = false) =>
    ({ id, title: id, optional, repetitions: 3 }) as Schemas["ProtocolMovement"];

  it("come in the order of the protocol, others behind", () => {
    const takes = [
      take({ id: "2", number: 2, movement: "pucker" }),
      take({ id: "1", number: 1, movement: "own_thing", title: "Own thing" }),
      take({ id: "3", number: 3, movement: "rest" }),
    ];
    const groups = inProtocolOrder(takes, [
      movement("rest"),
      movement("pucker"),
      movement("cheek_puff", true),
    ]);
    expect(groups.map((group) => [group.movement, group.takes.length])).toEqual([
      ["rest", 1],
      ["pucker", 1],
      ["cheek_puff", 0],
      ["own_thing", 1],
    ]);
    expect(progressOf(groups)).toEqual({ done: 2, wanted: 2 });
  });

  it("do not count as recorded when they are excluded", () => {
    const groups = inProtocolOrder(
      [take({ movement: "rest", excluded_at: "2026-03-02T00:00:00Z" })],
      [movement("rest")],
    );
    expect(progressOf(groups)).toEqual({ done: 0, wanted: 1 });
  });
});

describe("what is told of quality and measure", () => {
  it("names each reason once, the worst first", () => {
    const check = (level: "ok" | "warning" | "reject", reason: string) => ({
      id: "x",
      level,
      reason,
      next_step: "",
    });
    const reasons = reasonsOf([
      check("ok", ""),
      check("warning", "Small iris"),
      check("warning", "Small iris"),
      check("reject", "No face"),
    ] as Schemas["QCCheck"][]);
    expect(reasons.map((one) => one.reason)).toEqual(["No face", "Small iris"]);
  });

  it("takes the whole movement's value of each side and counts repetitions", () => {
    const row = (side: string, repetition: number | null, value: number | null) =>
      ({
        analysis_id: "a",
        measure: "commissure_excursion",
        side,
        repetition,
        value,
      }) as Schemas["MeasureRead"];
    const target = targetOf("a", "full_smile", [
      row("left", null, 1.4),
      row("left", 1, 1.3),
      row("left", 2, 1.5),
      row("right", null, null),
    ]);
    expect(target?.left?.value).toBe(1.4);
    expect(target?.right?.value).toBeNull();
    expect(target?.repetitions).toBe(2);
    expect(targetOf("a", "rest", [])).toBeNull();
  });
});
