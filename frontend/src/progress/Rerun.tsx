// Repeats analyses of different models with the present one, and shows how far that is.

import { Alert, Anchor, Button, Group, Stack, Text } from "@mantine/core";
import { useQueries, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api, query, type Schemas } from "../api/client";
import { isAlive, JobProgress, useJobEvents } from "../jobs";
import { useDraft } from "../kit/draft";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages/all";
import { useMay } from "../session/session";
import { placeText } from "./estimates";

const LOOK_EVERY_MS = 2_000;
const NO_JOBS: string[] = [];

export function Rerun({
  comparison,
  movements,
  models,
}: {
  comparison: Schemas["ComparisonRead"];
  /** All movements that were analysed with different models. */
  movements: string[];
  /** Of the movement that is looked at: before and after. */
  models: [string, string];
}) {
  const may = useMay();
  const client = useQueryClient();
  const { before, after } = comparison;
  // The jobs outlive a reload: they go on whether somebody looks or not.
  const [jobIds, setJobIds, forget] = useDraft<string[]>(`rerun:${before.id}:${after.id}`, NO_JOBS);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const seesVisits = may("visit:read");
  const visits = useQueries({
    queries: [before, after].map(({ id }) => ({
      ...query.queryOptions("get", "/api/v1/visits/{visit_id}", {
        params: { path: { visit_id: id } },
      }),
      enabled: seesVisits,
    })),
  });
  const signed = [before, after].filter((_, i) =>
    ["signed", "entered_in_error"].includes(visits[i]?.data?.state ?? ""),
  );
  useJobEvents();
  const jobs = useQueries({
    queries: jobIds.map((id) => ({
      ...query.queryOptions("get", "/api/v1/jobs/{job_id}", { params: { path: { job_id: id } } }),
      refetchInterval: LOOK_EVERY_MS,
    })),
  });
  const known = jobs.flatMap((job) => job.data ?? []);
  // What the service does not know any more is over as well.
  const over =
    jobIds.length > 0 && jobs.every((job) => job.error || (job.data && !isAlive(job.data)));
  const well = over && known.every((job) => job.state === "succeeded");
  useEffect(() => {
    if (!over) return;
    client.invalidateQueries({ queryKey: ["get", "/api/v1/comparisons"] });
    client.invalidateQueries({ queryKey: ["get", "/api/v1/comparisons/changes"] });
    client.invalidateQueries({ queryKey: ["get", "/api/v1/patients/{patient_id}/trends"] });
    if (well) forget();
  }, [over, well, client, forget]);
  const start = async () => {
    setBusy(true);
    setError(null);
    try {
      const { data } = await api.POST("/api/v1/comparisons/rerun", {
        body: { before: before.id, after: after.id, movements },
      });
      setJobIds(data?.job_ids ?? []);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Alert
      color="orange"
      variant="light"
      title={t.progress.modelsDiffer}
      data-testid="models-differ"
    >
      <Stack gap="xs">
        <Text size="sm">{t.progress.rerunText}</Text>
        <Text size="xs" c="dimmed">
          {t.progress.before}: {models[0]}
          <br />
          {t.progress.after}: {models[1]}
        </Text>
        {signed.map((visit) => (
          <Text key={visit.id} size="sm">
            {t.progress.rerunSigned(placeText(visit))}{" "}
            <Anchor
              size="sm"
              renderRoot={(props) => (
                <Link {...props} to="/visits/$visitId" params={{ visitId: visit.id }} />
              )}
            >
              {t.progress.openVisit}
            </Anchor>
          </Text>
        ))}
        {error !== null && <ProblemNotice error={error} />}
        {known.map((job) => (
          <JobProgress key={job.id} job={job} mayControl={may("analysis:control")} />
        ))}
        {may("analysis:start") && signed.length === 0 && (jobIds.length === 0 || over) && (
          <Group>
            <Button size="xs" onClick={start} loading={busy}>
              {t.progress.rerun(movements.map((one) => t.clinical.movements[one] ?? one))}
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  );
}
