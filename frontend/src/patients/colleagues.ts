// Names of colleagues by their id.

import { useCallback, useMemo } from "react";
import { query } from "../api/client";
import { t } from "../messages";
import { useMay, useSession } from "../session/session";

/** Tells the name of a user; those whom nobody may name are somebody. */
export function useColleagues(): (userId: string) => string {
  const session = useSession();
  const may = useMay();
  const { data } = query.useQuery(
    "get",
    "/api/v1/colleagues",
    {},
    { enabled: may("teams:read"), staleTime: 300_000 },
  );
  const names = useMemo(() => new Map(data?.map((one) => [one.id, one.display_name])), [data]);
  return useCallback(
    (userId) =>
      names.get(userId) ??
      (userId === session.user_id ? session.display_name : t.patients.history.somebody),
    [names, session],
  );
}
