// Every place and its address. Pages are loaded when they are gone to.

import { createRoute, createRouter, Navigate } from "@tanstack/react-router";
import { accountRoutes } from "../account/routes";
import { adminRoutes } from "../admin/routes";
import { captureRoutes } from "../capture/routes";
import { patientRoutes } from "../patients/routes";
import { progressRoutes } from "../progress/routes";
import { researchRoutes } from "../research/routes";
import { reviewRoutes } from "../review/routes";
import { sessionRoutes } from "../session/routes";
import { takeRoutes } from "../takes/routes";
import { visitRoutes } from "../visits/routes";
import { NotFound, PageFailure } from "./Failures";
import { rootRoute, signedInRoute } from "./root";

const homeRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/",
  component: () => <Navigate to="/patients" replace />,
});

const routeTree = rootRoute.addChildren([
  ...sessionRoutes,
  signedInRoute.addChildren([
    homeRoute,
    ...patientRoutes,
    ...visitRoutes,
    ...captureRoutes,
    ...takeRoutes,
    ...reviewRoutes,
    ...progressRoutes,
    ...researchRoutes,
    ...accountRoutes,
    ...adminRoutes,
  ]),
]);

export const router = createRouter({
  routeTree,
  defaultPreload: "intent",
  defaultErrorComponent: PageFailure,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
