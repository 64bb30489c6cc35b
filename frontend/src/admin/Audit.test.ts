import { expect, test } from "vitest";
import { askedFor } from "./Audit";

const NONE = { actor: "", action: "", patient: "", since: "", until: "" };

test("half an id asks for nothing, and days are whole ones where the reader is", () => {
  expect(askedFor(NONE)).toEqual({});
  expect(askedFor({ ...NONE, patient: "01a2" })).toEqual({});
  const id = "01a22085-7d24-735e-9ca2-80dcaa9b3361";
  expect(askedFor({ ...NONE, patient: ` ${id} ` })).toEqual({ patient_id: id });
  const day = askedFor({ ...NONE, since: "2026-03-01", until: "2026-03-01" });
  const length = Date.parse(day.until ?? "") - Date.parse(day.since ?? "");
  expect(length).toBe(24 * 3600 * 1000 - 1);
});
