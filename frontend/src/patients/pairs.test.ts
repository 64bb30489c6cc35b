import { describe, expect, it } from "vitest";
import { pairToCompare } from "./pairs";

const visit = (id: string, visited_on: string, voided_at: string | null = null) => ({
  id,
  visited_on,
  started_at: `${visited_on}T10:00:00Z`,
  voided_at,
});

describe("the pair to compare", () => {
  const visits = [
    visit("c", "2026-03-01"),
    visit("b", "2026-02-01"),
    visit("a", "2026-01-01"),
    visit("x", "2025-01-01", "2026-03-02T00:00:00Z"),
  ];

  it("is the first and the last visit in use when none is chosen", () => {
    expect(pairToCompare(visits, [])).toEqual({ before: "a", after: "c" });
  });

  it("is in the order of time, however it was chosen", () => {
    expect(pairToCompare(visits, ["c", "b"])).toEqual({ before: "b", after: "c" });
  });

  it("needs two", () => {
    expect(pairToCompare(visits, ["b"])).toBeNull();
    expect(pairToCompare([visit("a", "2026-01-01")], [])).toBeNull();
  });
});
