// The measures that have a trend, and trends themselves, as the service tells them.

import { useQueries, useQuery } from "@tanstack/react-query";
import { api, query, type Schemas } from "../api/client";
import type { TrendKey } from "./keys";

const KEYS_AT_ONCE = 200;

/** All measures that have a trend, over as many answers as it takes. */
export function useTrendKeys(patientId: string) {
  return useQuery({
    queryKey: ["get", "/api/v1/patients/{patient_id}/trends/keys", patientId, "all"],
    queryFn: async ({ signal }) => {
      const keys: TrendKey[] = [];
      let offset: number | null = 0;
      while (offset !== null) {
        const page: Schemas["Page_TrendKey_"] | undefined = (
          await api.GET("/api/v1/patients/{patient_id}/trends/keys", {
            params: { path: { patient_id: patientId }, query: { limit: KEYS_AT_ONCE, offset } },
            signal,
          })
        ).data;
        keys.push(...(page?.items ?? []));
        offset = page?.next ?? null;
      }
      return keys;
    },
  });
}

/** The trends of some keys, in their order; those that are not there yet are left out. */
export function useTrends(patientId: string, keys: readonly TrendKey[]) {
  return useQueries({
    queries: keys.map(({ movement, measure, side, region }) =>
      query.queryOptions("get", "/api/v1/patients/{patient_id}/trends", {
        params: { path: { patient_id: patientId }, query: { movement, measure, side, region } },
      }),
    ),
    combine: (results) => ({
      trends: results.flatMap((result) => result.data ?? []),
      error: results.find((result) => result.error)?.error ?? null,
      isPending: results.some((result) => result.isPending),
      refetch: () => {
        for (const result of results) if (result.error) result.refetch();
      },
    }),
  });
}
