import { describe, expect, it } from "vitest";
import { instantOf, timeOf } from "./instants";

describe("the instant of a visit", () => {
  it("is the same moment as day and time here", () => {
    const text = instantOf("2026-03-01", "14:05");
    expect(new Date(text).getTime()).toBe(new Date(2026, 2, 1, 14, 5).getTime());
    expect(text.startsWith("2026-03-01T14:05:00")).toBe(true);
    expect(text).toMatch(/[+-]\d\d:\d\d$/);
    expect(timeOf(text)).toBe("14:05");
  });
});
