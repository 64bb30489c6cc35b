// What every change of a record does around its call: unwrap the answer, tell trouble, load again.

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { unreachable } from "../api/client";

/** The body of an answer; refusals were thrown before. */
export function got<T>(answer: { data?: T }): T {
  if (answer.data === undefined) throw unreachable();
  return answer.data;
}

/** Load again all that is shown of records; what identifies is kept nowhere and not asked for. */
export function useRefresh(): () => Promise<void> {
  const client = useQueryClient();
  return useCallback(
    () =>
      client.invalidateQueries({
        predicate: ({ queryKey }) =>
          typeof queryKey[1] === "string" &&
          /^\/api\/v1\/(patients|visits|episodes|takes|recordings|jobs)/.test(queryKey[1]),
      }),
    [client],
  );
}

/** Something that is done on request: whether it is under way, and what went wrong. */
export function useAction<A extends unknown[]>(run: (...args: A) => Promise<unknown>) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const go = async (...args: A): Promise<boolean> => {
    setBusy(true);
    setError(null);
    try {
      await run(...args);
      return true;
    } catch (problem) {
      setError(problem);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { go, busy, error, forget: () => setError(null) };
}
