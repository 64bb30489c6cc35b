// Who is signed in, and what they may do; the page asks the service and keeps nothing else.

import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { api, query, type Schemas } from "../api/client";
import { clearDrafts } from "../kit/draft";

export type Session = Schemas["SessionState"];
export type Permission = Schemas["Permission"];

const KEY = ["get", "/api/v1/session", {}];

/** The session, or undefined while nobody is signed in; `isPending` while it is asked for. */
export function useSessionQuery() {
  return query.useQuery("get", "/api/v1/session", {}, { retry: false, staleTime: 60_000 });
}

/** The session of a page that is shown to signed-in people only. */
export function useSession(): Session {
  const { data } = useSessionQuery();
  if (!data) throw new Error("nobody is signed in");
  return data;
}

/** Whether the signed-in person has a right. */
export function useMay(): (permission: Permission) => boolean {
  const { data } = useSessionQuery();
  return useCallback((permission) => data?.permissions.includes(permission) ?? false, [data]);
}

/** Sign out; forgets all that was fetched or typed. */
export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  return useCallback(async () => {
    await api.DELETE("/api/v1/session");
    clearDrafts();
    // Films that were never sent do not wait for whoever uses this browser next.
    const { forgetAll } = await import("../capture/kept");
    await forgetAll().catch(() => undefined);
    client.clear();
    client.setQueryData(KEY, undefined);
    window.location.assign("/sign-in");
  }, [client]);
}
