// All measures of an analysis or of a visit: the service tells them page by page.

import { useQuery } from "@tanstack/react-query";
import { api } from "../api/client";
import type { Measure } from "./measureRows";

const PAGE = 200;

type Level = "movement" | "repetition" | "all";
type Where = { analysisId: string } | { visitId: string };

export function useMeasures(
  where: Where,
  options: { level: Level; measure?: string[]; enabled?: boolean },
) {
  const { level, measure = [], enabled = true } = options;
  return useQuery({
    queryKey: ["measures", where, level, measure],
    enabled,
    queryFn: ({ signal }) => allPages(where, level, measure, signal),
  });
}

async function allPages(
  where: Where,
  level: Level,
  measure: string[],
  signal: AbortSignal,
): Promise<Measure[]> {
  const first = await onePage(where, level, measure, 0, signal);
  const offsets: number[] = [];
  for (let offset = PAGE; offset < first.total; offset += PAGE) offsets.push(offset);
  const others = await Promise.all(
    offsets.map((offset) => onePage(where, level, measure, offset, signal)),
  );
  return [first, ...others].flatMap((page) => page.items);
}

async function onePage(
  where: Where,
  level: Level,
  measure: string[],
  offset: number,
  signal: AbortSignal,
): Promise<{ items: Measure[]; total: number }> {
  const query = { level, measure, limit: PAGE, offset };
  const { data } =
    "analysisId" in where
      ? await api.GET("/api/v1/analyses/{analysis_id}/measures", {
          params: { path: { analysis_id: where.analysisId }, query },
          signal,
        })
      : await api.GET("/api/v1/visits/{visit_id}/measures", {
          params: { path: { visit_id: where.visitId }, query },
          signal,
        });
  // A refusal has been thrown by the client already.
  return data ?? { items: [], total: 0 };
}
