import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "../app/root";

const comparisonRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/compare",
  component: lazyRouteComponent(() => import("./ComparisonPage"), "ComparisonPage"),
});

const trendsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/patients/$patientId/trends",
  component: lazyRouteComponent(() => import("./TrendsPage"), "TrendsPage"),
});

export const progressRoutes = [comparisonRoute, trendsRoute];
