// The two roots that routes hang on: everything, and everything for signed-in people.

import {
  createRootRoute,
  createRoute,
  Navigate,
  Outlet,
  useLocation,
} from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
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
  // As it was at first: on the way the location is that of the sign-in page already.
  const [next] = useState(useLocation().href);
  return <Navigate to="/sign-in" search={{ next }} replace />;
}

/** Parent of every page that needs a signed-in person. */
export const signedInRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "signed-in",
  component: SignedIn,
});
