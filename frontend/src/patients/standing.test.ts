import { describe, expect, it } from "vitest";
import { type Paper, standings } from "./standing";

const paper = (id: string, purpose: Paper["purpose"], stands: boolean): Paper => ({
  id,
  patient_id: "p",
  purpose,
  stands,
  signed_on: "2026-01-01",
  signatory: null,
  has_attachment: false,
  withdrawn_at: stands ? null : "2026-02-01T00:00:00Z",
  withdrawn_by_id: null,
  withdrawal_reason: null,
  created_at: "2026-01-01T00:00:00Z",
  created_by_id: null,
});

describe("where consents stand", () => {
  it("names every purpose, also those without a paper", () => {
    expect(standings([]).map((one) => [one.purpose, one.state])).toEqual([
      ["care", "missing"],
      ["research", "missing"],
      ["teaching", "missing"],
      ["model_training", "missing"],
    ]);
  });

  it("takes a paper that stands before a withdrawn one, whichever is newer", () => {
    const [care, research] = standings([
      paper("3", "research", false),
      paper("2", "care", false),
      paper("1", "care", true),
    ]);
    expect(care).toMatchObject({ state: "standing", paper: { id: "1" } });
    expect(research).toMatchObject({ state: "withdrawn", paper: { id: "3" } });
  });
});
