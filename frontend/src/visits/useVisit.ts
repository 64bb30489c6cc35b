// Everything a visit's page shows, asked for together and again while work is under way.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { query } from "../api/client";
import { useRefresh } from "../patients/answers";
import { usePatientRights } from "../patients/reach";
import { alive, inProtocolOrder } from "./standing";
import { targetMeasures } from "./targetMeasures";

const LOOK_AGAIN_MS = 2_000;
const MOST = 200;

/** The visit, its patient, takes, recordings, jobs, and target measures. */
export function useVisit(visitId: string, withVoid: boolean) {
  const path = { visit_id: visitId };
  const refresh = useRefresh();
  const visit = query.useQuery("get", "/api/v1/visits/{visit_id}", { params: { path } });
  const patientId = visit.data?.patient_id ?? "";
  const patient = query.useQuery(
    "get",
    "/api/v1/patients/{patient_id}",
    { params: { path: { patient_id: patientId } } },
    { enabled: patientId !== "" },
  );
  const rights = usePatientRights(patient.data);
  const episodeId = visit.data?.episode_id ?? "";
  const episode = query.useQuery(
    "get",
    "/api/v1/episodes/{episode_id}",
    { params: { path: { episode_id: episodeId } } },
    { enabled: episodeId !== "" },
  );
  const number = visit.data?.protocol_number ?? null;
  const ofNumber = query.useQuery(
    "get",
    "/api/v1/protocol/versions/{number}",
    { params: { path: { number: number ?? 1 } } },
    { enabled: number !== null, staleTime: Number.POSITIVE_INFINITY },
  );
  const takes = query.useQuery(
    "get",
    "/api/v1/visits/{visit_id}/takes",
    { params: { path, query: { limit: MOST, include_void: withVoid } } },
    { placeholderData: keepPreviousData },
  );
  const recordings = query.useQuery("get", "/api/v1/visits/{visit_id}/recordings", {
    params: { path },
  });
  const jobs = query.useQuery(
    "get",
    "/api/v1/jobs",
    { params: { query: { visit_id: visitId, limit: MOST } } },
    {
      enabled: rights.may("job:read") && rights.reach === "own",
      refetchInterval: ({ state }) =>
        state.data?.items.some((job) => alive(job)) ? LOOK_AGAIN_MS : false,
    },
  );
  const measures = useQuery({
    ...targetMeasures(visitId),
    enabled: rights.shows("results:read"),
    placeholderData: keepPreviousData,
  });

  // A job that began or ended changed takes, verdicts, measures and what can be signed.
  const pulse = (jobs.data?.items ?? []).map((job) => `${job.id} ${job.state}`).join(",");
  const before = useRef<string | null>(null);
  useEffect(() => {
    if (!jobs.data) return;
    if (before.current !== null && before.current !== pulse) refresh();
    before.current = pulse;
  }, [jobs.data, pulse, refresh]);

  const movements = ofNumber.data?.protocol.movements ?? [];
  return {
    visit,
    patient,
    episode,
    rights,
    takes,
    recordings,
    protocol: ofNumber.data,
    movements,
    jobs: jobs.data?.items ?? [],
    measures,
    groups: inProtocolOrder(takes.data?.items ?? [], movements),
  };
}
