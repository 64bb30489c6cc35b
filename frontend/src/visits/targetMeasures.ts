// The target measures of a whole visit: more rows than one answer of the service holds.

import { api, type Schemas } from "../api/client";
import { got } from "../patients/answers";
import { TARGET_MEASURES } from "./targets";

const MOST = 200;

/** How TanStack Query asks for all target measures of a visit, left and right, page by page. */
export function targetMeasures(visitId: string) {
  return {
    queryKey: ["get", "/api/v1/visits/{visit_id}/measures", { visitId, targets: true }],
    queryFn: async ({ signal }: { signal: AbortSignal }) => {
      const rows: Schemas["MeasureRead"][] = [];
      for (let offset: number | null = 0; offset !== null; ) {
        const page: Schemas["Page_MeasureRead_"] = got(
          await api.GET("/api/v1/visits/{visit_id}/measures", {
            params: {
              path: { visit_id: visitId },
              query: {
                level: "all",
                measure: TARGET_MEASURES,
                side: ["left", "right"],
                limit: MOST,
                offset,
              },
            },
            signal,
          }),
        );
        rows.push(...page.items);
        offset = page.next;
      }
      return rows;
    },
  };
}
