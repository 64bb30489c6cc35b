import { describe, expect, it } from "vitest";
import { ProblemError } from "../api/client";
import { resemblanceOf } from "./duplicates";
import { birthYearTrouble, filled, pseudonymTrouble } from "./fields";

describe("fields of a record", () => {
  it("leave out what is empty", () => {
    expect(filled("  ")).toBeNull();
    expect(filled(" a ")).toBe("a");
  });

  it("take pseudonyms as the service does", () => {
    expect(pseudonymTrouble("", false)).toBeUndefined();
    expect(pseudonymTrouble("", true)).toBeDefined();
    expect(pseudonymTrouble("AB-12.3", false)).toBeUndefined();
    for (const wrong of ["-AB", "A", "A B", "Ä1", "A".repeat(33)])
      expect(pseudonymTrouble(wrong, false)).toBeDefined();
  });

  it("take years of birth up to this one", () => {
    expect(birthYearTrouble("", 2026)).toBeUndefined();
    expect(birthYearTrouble("1968", 2026)).toBeUndefined();
    for (const wrong of ["68", "2027", "1879", "19x8"])
      expect(birthYearTrouble(wrong, 2026)).toBeDefined();
  });
});

describe("a refused creation", () => {
  it("names the similar records", () => {
    const refusal = new ProblemError({
      detail: "There is a record that looks like the same person.",
      code: "possible_duplicate",
      status: 409,
      duplicates: [{ id: "1", pseudonym: "A-1", same: "mrn" }],
      outside_your_teams: true,
    } as ConstructorParameters<typeof ProblemError>[0]);
    expect(resemblanceOf(refusal)).toEqual({
      duplicates: [{ id: "1", pseudonym: "A-1", same: "mrn" }],
      elsewhere: true,
    });
    expect(resemblanceOf(new Error("else"))).toBeNull();
  });
});
