import { expect, test } from "vitest";
import { safeNext } from "./routes";

test("only places of this page are gone to after sign-in", () => {
  expect(safeNext("/takes/1?frame=3")).toBe("/takes/1?frame=3");
  for (const elsewhere of [
    "//evil.example",
    "https://evil.example",
    "/\\evil.example",
    "",
    3,
    undefined,
  ]) {
    expect(safeNext(elsewhere)).toBe("/");
  }
});
