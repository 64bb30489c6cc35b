// Marks of where a record stands. They say it in words; colour only helps, and never red against green.

import { Badge } from "@mantine/core";
import type { Schemas } from "../api/client";
import { t } from "../messages";

const CONSENT = { granted: "ink", withdrawn: "orange", missing: "gray" } as const;

/** Whether the patient agrees to be recorded and measured. */
export function CareBadge({
  standing,
  short = false,
}: {
  standing: Schemas["ConsentStanding"] | null;
  short?: boolean;
}) {
  if (standing === null) return null;
  return (
    <Badge
      variant={standing === "missing" ? "outline" : "light"}
      color={CONSENT[standing]}
      tt="none"
      fw={500}
    >
      {(short ? t.patients.consentShort : t.patients.consentStates)[standing]}
    </Badge>
  );
}

/** That a record is not in use; nothing for those that are. */
export function StateBadge({ state }: { state: Schemas["PatientState"] }) {
  if (state === "active") return null;
  return (
    <Badge variant="outline" color="gray" tt="none" fw={500}>
      {t.patients.states[state]}
    </Badge>
  );
}

/** Who it is as far as everybody may know: sex and year of birth. */
export function personWords(patient: { sex: Schemas["Sex"]; birth_year: number | null }): string {
  const words = [];
  if (patient.sex !== "unknown") words.push(t.patients.sexes[patient.sex]);
  if (patient.birth_year !== null) words.push(t.patients.born(patient.birth_year));
  return words.join(", ") || t.app.undetermined;
}
