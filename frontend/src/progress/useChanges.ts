// The changes between two visits: the service tells them page by page.

import { useQuery } from "@tanstack/react-query";
import { api } from "../api/client";
import type { Change } from "./estimates";

const PAGE = 200;

/** All changes of some movements, or of some measures of them. */
export function useChanges(
  before: string,
  after: string,
  movement: readonly string[],
  measure: readonly string[] = [],
) {
  return useQuery({
    queryKey: ["get", "/api/v1/comparisons/changes", before, after, movement, measure],
    enabled: movement.length > 0,
    queryFn: async ({ signal }) => {
      const changes: Change[] = [];
      let offset: number | null = 0;
      while (offset !== null) {
        const query = { before, after, movement: [...movement], measure: [...measure] };
        const page: { items: Change[]; next: number | null } | undefined = (
          await api.GET("/api/v1/comparisons/changes", {
            params: { query: { ...query, limit: PAGE, offset } },
            signal,
          })
        ).data;
        changes.push(...(page?.items ?? []));
        offset = page?.next ?? null;
      }
      return changes;
    },
  });
}
