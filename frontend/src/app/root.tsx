// The two roots that routes hang on: everything, and everything for signed-in people.

import { createRootRoute, createRoute, Outlet, useRouter } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";
import { ProblemError } from "../api/client";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { SessionEnded } from "../session/SessionEnded";
import { useSessionQuery } from "../session/session";
import { NotFound, PageFailure } from "./Failures";

const Shell = lazy(() => import("./Shell").then((module) => ({ default: module.Shell })));

export const rootRoute = createRootRoute({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: PageFailure,
});

function SignedIn() {
  const { data, error, isPending, refetch } = useSessionQuery();
  if (data && data.missing_step === "none") {
    return (
      <>
        <Suspense fallback={<Loading />}>
          <Shell />
        </Suspense>
        <SessionEnded />
      </>
    );
  }
  if (isPending) return <Loading />;
  if (error && !(error instanceof ProblemError && error.status === 401)) {
    return <ProblemNotice error={error} onRetry={() => refetch()} />;
  }
  return <ToSignIn />;
}

function ToSignIn() {
  const router = useRouter();
  useEffect(() => {
    const { href, pathname } = router.state.location;
    // Once: on the way the location is that of the sign-in page already.
    if (pathname === "/sign-in") return;
    router.navigate({ to: "/sign-in", search: { next: href }, replace: true });
  }, [router]);
  return <Loading />;
}

/** Parent of every page that needs a signed-in person. */
export const signedInRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "signed-in",
  component: SignedIn,
});
