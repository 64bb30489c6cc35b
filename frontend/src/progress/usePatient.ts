// Who is looked at and in which visits, for readers who see records and for pseudonymous ones.

import { query } from "../api/client";
import { formatDay } from "../kit/formats";
import { t } from "../messages/all";
import { useMay } from "../session/session";

export interface VisitOption {
  id: string;
  label: string;
}

/** The pseudonym and the visits in time; researchers know both from results alone. */
export function usePatient(patientId: string | undefined): {
  pseudonym: string | undefined;
  visits: VisitOption[];
  error: unknown;
  refetch: () => void;
} {
  const may = useMay();
  const path = { patient_id: patientId ?? "" };
  const seesRecords = may("visit:read");
  const known = patientId !== undefined;
  const record = query.useQuery(
    "get",
    "/api/v1/patients/{patient_id}",
    { params: { path } },
    { enabled: known && may("patient:read") },
  );
  const visits = query.useQuery(
    "get",
    "/api/v1/patients/{patient_id}/visits",
    { params: { path, query: { limit: 200 } } },
    { enabled: known && seesRecords },
  );
  const analyses = query.useQuery(
    "get",
    "/api/v1/patients/{patient_id}/analyses",
    { params: { path, query: { limit: 200 } } },
    { enabled: known && !seesRecords },
  );
  const asked = seesRecords ? [record, visits] : [analyses];
  return {
    pseudonym: record.data?.pseudonym ?? analyses.data?.items[0]?.pseudonym,
    visits: seesRecords
      ? [...(visits.data?.items ?? [])]
          .sort((a, b) => a.started_at.localeCompare(b.started_at))
          .map((visit) => ({
            id: visit.id,
            label: `${formatDay(visit.visited_on)}${visit.title ? ` · ${visit.title}` : ""}`,
          }))
      : [...new Map((analyses.data?.items ?? []).map((one) => [one.visit_id, one.day]))]
          .sort(([, a], [, b]) => a - b)
          .map(([id, day]) => ({ id, label: t.progress.day(day) })),
    error: asked.find((one) => one.error)?.error ?? null,
    refetch: () => {
      for (const one of asked) if (one.error) one.refetch();
    },
  };
}

/** The way back: researchers have no page of the patient. */
export function useWayBack(patientId: string | undefined) {
  const may = useMay();
  if (patientId === undefined) return undefined;
  return may("patient:read")
    ? { label: t.progress.toPatient, to: "/patients/$patientId" as const, params: { patientId } }
    : { label: t.progress.toResearch, to: "/research" as const };
}
