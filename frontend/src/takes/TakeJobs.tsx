// The work on a take: shown while it goes on or after it failed; tells when it is over.

import { useEffect, useRef } from "react";
import type { Schemas } from "../api/client";
import { isAlive, JobList, useJobs } from "../jobs";
import { useMay } from "../session/session";

export function TakeJobs({ take, onDone }: { take: Schemas["TakeRead"]; onDone: () => void }) {
  const may = useMay();
  const of = { take_id: take.id };
  const { jobs } = useJobs(of, { enabled: may("job:read") });
  const alive = jobs.some(isAlive);
  const was = useRef(alive);
  const told = useRef(onDone);
  told.current = onDone;
  useEffect(() => {
    if (was.current && !alive) told.current();
    was.current = alive;
  }, [alive]);
  return <JobList of={of} />;
}
