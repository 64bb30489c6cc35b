import { beforeEach, describe, expect, it } from "vitest";
import type { Permission } from "../session/session";
import { openedUntil, rememberOpened, timeLeft } from "./opened";
import { allows } from "./reach";

const everything: Permission[] = ["visit:write", "visit:read", "patient:void", "patient:merge"];

describe("rights with one patient", () => {
  it("are those of the role in the own care team", () => {
    const session = { permissions: everything, roles: ["clinician" as const] };
    expect(allows("visit:write", session, "own")).toBe(true);
    expect(allows("visit:write", session, null)).toBe(false);
    expect(allows("visit:sign", session, "own")).toBe(false);
  });

  it("are for reading alone after emergency access", () => {
    const session = { permissions: everything, roles: ["clinician" as const] };
    expect(allows("visit:read", session, "opened")).toBe(true);
    expect(allows("visit:write", session, "opened")).toBe(false);
    expect(allows("patient:void", session, "opened")).toBe(false);
  });

  it("let an administrator administer, and not look at visits", () => {
    const session = { permissions: everything, roles: ["admin" as const] };
    expect(allows("patient:merge", session, "administration")).toBe(true);
    expect(allows("visit:read", session, "administration")).toBe(false);
    expect(allows("visit:read", session, "opened")).toBe(true);
  });
});

describe("records opened by emergency access", () => {
  const now = Date.parse("2026-03-01T10:00:00Z");
  beforeEach(() => localStorage.clear());

  it("are open until their end, for the one who opened them", () => {
    rememberOpened("me", "p", "2026-03-01T14:00:00Z", now);
    expect(openedUntil("me", "p", now)).toBe("2026-03-01T14:00:00Z");
    expect(openedUntil("me", "p", now + 5 * 3_600_000)).toBeNull();
    expect(openedUntil("you", "p", now)).toBeNull();
  });

  it("say what time is left", () => {
    expect(timeLeft("2026-03-01T13:30:00Z", now)).toEqual({ hours: 3, minutes: 30 });
    expect(timeLeft("2026-03-01T09:00:00Z", now)).toEqual({ hours: 0, minutes: 0 });
  });
});
