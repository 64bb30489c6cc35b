import { describe, expect, it } from "vitest";
import { reconcile } from "./revision";

describe("reconciling what was typed with what somebody else saved", () => {
  const base = { title: "First", notes: "a", side: "left" };

  it("keeps what was typed and follows the rest", () => {
    const { values, differences } = reconcile({ ...base, title: "Mine" }, base, {
      title: "First",
      notes: "theirs",
      side: "left",
    });
    expect(values).toEqual({ title: "Mine", notes: "theirs", side: "left" });
    expect(differences).toEqual([{ field: "notes", now: "theirs", mine: undefined }]);
  });

  it("names a field that both changed", () => {
    const { values, differences } = reconcile({ ...base, title: "Mine" }, base, {
      ...base,
      title: "Theirs",
    });
    expect(values.title).toBe("Mine");
    expect(differences).toEqual([{ field: "title", now: "Theirs", mine: "Mine" }]);
  });

  it("is silent where both say the same", () => {
    const { differences } = reconcile({ ...base, title: "X" }, base, { ...base, title: "X" });
    expect(differences).toEqual([]);
  });
});
