import { expect, test } from "vitest";
import type { Schemas } from "../api/client";
import { stateOf, workOn } from "./states";

const take = (part: object = {}) =>
  ({
    id: "t",
    recording_id: "r",
    analysis: null,
    first_verdict: null,
    ...part,
  }) as Schemas["TakeRead"];
const job = (part: object) =>
  ({ kind: "analyze_take", take_id: "t", recording_id: "r", ...part }) as Schemas["JobRead"];

test("a movement goes from nothing to analysed", () => {
  expect(stateOf(undefined, [])).toBe("none");
  expect(stateOf(take(), [])).toBe("arriving");
  expect(stateOf(take(), [job({ state: "queued" })])).toBe("looking");
  const looked = take({ first_verdict: "ok" });
  expect(stateOf(looked, [job({ state: "running" })])).toBe("analysing");
  expect(stateOf(take({ analysis: { verdict: "ok" } }), [])).toBe("done");
});

test("what went wrong is said, and an older trouble is not", () => {
  expect(stateOf(take({ first_verdict: "rejected" }), [])).toBe("rejected");
  expect(stateOf(take(), [job({ state: "parked" })])).toBe("failed");
  expect(stateOf(take(), [job({ state: "queued" }), job({ state: "failed" })])).toBe("looking");
});

test("the first look is what an analysis waits for", () => {
  const look = job({ kind: "quick_look", take_id: null, state: "running" });
  const analysis = job({ state: "queued" });
  expect(workOn(take(), [analysis, look])).toBe(look);
  expect(workOn(take(), [analysis])).toBe(analysis);
  expect(workOn(take(), [job({ state: "succeeded" })])).toBeNull();
});
