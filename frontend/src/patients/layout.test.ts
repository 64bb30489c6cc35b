import { describe, expect, it } from "vitest";
import { marks, place, scaleOf } from "./layout";

describe("the time line", () => {
  it("keeps days in order and inside", () => {
    const scale = scaleOf(["2025-01-01", "2026-01-01"]);
    expect(scale.at("2025-01-01")).toBeGreaterThan(0);
    expect(scale.at("2026-01-01")).toBeLessThan(1);
    expect(scale.at("2025-07-02")).toBeCloseTo(0.5, 1);
  });

  it("has a width for a single day", () => {
    expect(scaleOf(["2026-03-01"]).at("2026-03-01")).toBeCloseTo(0.5, 6);
  });

  it("puts what is near into different lanes", () => {
    const days = ["2025-01-01", "2025-01-05", "2025-12-01"];
    const scale = scaleOf(days);
    const items = days.map((day, i) => ({ id: String(i), day }));
    expect(place(items, scale, 0.1).map((placed) => placed.lane)).toEqual([0, 1, 0]);
  });

  it("marks months while there is room, then years", () => {
    expect(marks(scaleOf(["2025-01-01", "2025-03-01"]), 8).map((mark) => mark.day)).toContain(
      "2025-02-01",
    );
    const years = marks(scaleOf(["2015-06-01", "2025-06-01"]), 8);
    expect(years.length).toBeLessThanOrEqual(8);
    expect(years.every((mark) => mark.day.endsWith("-01-01"))).toBe(true);
  });
});
