import { describe, expect, it } from "vitest";
import { filtersOf, narrows, nextSort, queryOf, sortedBy } from "./filters";

describe("filters of the patients' list", () => {
  it("leaves out what it does not understand, and what is usual", () => {
    expect(filtersOf({ state: "active", sort: "-last_visit", offset: "-3", team: "x" })).toEqual(
      {},
    );
    expect(filtersOf({ state: "void", consent: "missing", offset: 50 })).toEqual({
      state: "void",
      consent: "missing",
      offset: 50,
    });
  });

  it("never takes what was typed from an address", () => {
    expect(JSON.stringify(filtersOf({ q: "Canary" }))).not.toContain("Canary");
  });

  it("asks for records in use, the newest visit first", () => {
    expect(queryOf({}, "  DEMO ")).toEqual({
      q: "DEMO",
      state: "active",
      care_consent: null,
      team_id: null,
      sort: "-last_visit",
    });
  });

  it("turns the order of a column round", () => {
    expect(nextSort(undefined, "last_visit")).toBe("last_visit");
    expect(nextSort("last_visit", "last_visit")).toBe("-last_visit");
    expect(nextSort(undefined, "pseudonym")).toBe("pseudonym");
    expect(nextSort("pseudonym", "pseudonym")).toBe("-pseudonym");
    expect(sortedBy(undefined, "last_visit")).toBe("descending");
    expect(sortedBy("pseudonym", "last_visit")).toBe("none");
  });

  it("tells an empty list from a narrowed one", () => {
    expect(narrows({ sort: "pseudonym" }, " ")).toBe(false);
    expect(narrows({}, "a")).toBe(true);
    expect(narrows({ consent: "missing" }, "")).toBe(true);
  });
});
