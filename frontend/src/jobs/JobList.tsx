import { Stack, Text } from "@mantine/core";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages";
import { useMay } from "../session/session";
import { JobProgress } from "./JobProgress";
import { isAlive, type Job, useJobs } from "./useJobs";

/** The newest job of each kind and take that is not simply done; jobs come newest first. */
export function worthTelling(jobs: Job[]): Job[] {
  const seen = new Set<string>();
  return jobs.filter((job) => {
    const name = `${job.kind} ${job.take_id ?? job.recording_id ?? job.id}`;
    if (seen.has(name)) return false;
    seen.add(name);
    return isAlive(job) || ["failed", "parked"].includes(job.state);
  });
}

/** What is going on, or went wrong, in a visit or with a take. */
export function JobList({ of }: { of: { visit_id: string } | { take_id: string } }) {
  const may = useMay();
  const { jobs, error, feed, refetch } = useJobs(of, { enabled: may("job:read") });
  if (error) return <ProblemNotice error={error} onRetry={() => refetch()} />;
  const told = worthTelling(jobs);
  if (told.length === 0) return null;
  return (
    <Stack gap="sm" component="section" aria-label={t.jobs.title}>
      {told.map((job) => (
        <JobProgress key={job.id} job={job} mayControl={may("analysis:control")} />
      ))}
      {feed === "lost" && (
        <Text size="xs" c="dimmed">
          {t.jobs.lost}
        </Text>
      )}
    </Stack>
  );
}
