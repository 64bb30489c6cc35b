// What the signed-in person may do with one patient: the rights of a role end where its reach ends.

import { useMemo } from "react";
import { ProblemError, query, type Schemas } from "../api/client";
import { type Permission, type Session, useSession } from "../session/session";
import { openedUntil } from "./opened";

/** How somebody came to a record: care team or invitation, emergency access, or administration. */
export type Reach = "own" | "opened" | "administration";

const ADMINISTERS: Permission[] = [
  "patient:read",
  "patient:identity",
  "patient:create",
  "patient:edit_identity",
  "patient:teams",
  "patient:void",
  "patient:merge",
  "patient:break_glass",
  "episode:read",
  "consent:read",
  "job:read",
  "analysis:control",
  "teams:read",
  "protocol:read",
];

// Emergency access is for reading alone.
const READS: Permission[] = [
  "patient:read",
  "patient:identity",
  "patient:contact",
  "patient:break_glass",
  "episode:read",
  "consent:read",
  "visit:read",
  "face:read",
  "results:read",
  "teams:read",
  "protocol:read",
];

const HIDDEN_WITHOUT_CARE: Permission[] = [
  "face:read",
  "results:read",
  "results:compare",
  "review:read",
  "review:write",
  "review:propose",
  "export:clinical",
  "export:basic",
];

/** Whether a right extends to a patient who is reached in this way. */
export function allows(
  permission: Permission,
  session: Pick<Session, "permissions" | "roles">,
  reach: Reach | null,
): boolean {
  if (reach === null || !session.permissions.includes(permission)) return false;
  if (reach === "own") return true;
  if (session.roles.includes("admin") && ADMINISTERS.includes(permission)) return true;
  return (
    reach === "opened" && READS.includes(permission) // Reviews are clinicians' alone.
  );
}

export interface PatientRights {
  reach: Reach | null;
  /** A right with this patient, whatever the patient consented to. */
  may: (permission: Permission) => boolean;
  /** The same, and hidden when the consent to care does not stand. */
  shows: (permission: Permission) => boolean;
  openedUntil: string | null;
}

type Known = Pick<Schemas["PatientRead"], "id" | "teams" | "care_consent">;

/** The rights with one patient; `reach` is null while it is not known. */
export function usePatientRights(patient: Known | undefined): PatientRights {
  const session = useSession();
  const clinical = session.roles.some((role) => role === "clinician" || role === "therapist");
  const inTeam = patient?.teams.some((team) => session.team_ids.includes(team.id)) ?? false;
  const until = patient ? openedUntil(session.user_id, patient.id, Date.now()) : null;
  // Somebody from no team may be invited, or an administrator: the visits tell.
  const unclear = Boolean(patient) && clinical && !inTeam && until === null;
  const isAdmin = session.roles.includes("admin");
  const probe = query.useQuery(
    "get",
    "/api/v1/patients/{patient_id}/visits",
    { params: { path: { patient_id: patient?.id ?? "" }, query: { limit: 1 } } },
    { enabled: unclear && isAdmin, staleTime: 60_000 },
  );
  let reach: Reach | null = null;
  if (patient) {
    if (until !== null) reach = "opened";
    else if (clinical && inTeam) reach = "own";
    else if (!clinical) reach = "administration";
    else if (!isAdmin || probe.data) reach = "own";
    else if (probe.error instanceof ProblemError && probe.error.status === 404)
      reach = "administration";
  }
  return useMemo(
    () => ({
      reach,
      openedUntil: until,
      may: (permission) => allows(permission, session, reach),
      shows: (permission) =>
        allows(permission, session, reach) &&
        !(HIDDEN_WITHOUT_CARE.includes(permission) && patient?.care_consent !== "granted"),
    }),
    [reach, until, session, patient?.care_consent],
  );
}
