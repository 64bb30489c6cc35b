import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "../app/root";

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

export interface ComparisonSearch {
  before?: string;
  after?: string;
  movement?: string;
}

const comparisonRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/compare",
  validateSearch: (search: Record<string, unknown>): ComparisonSearch => ({
    before: text(search.before),
    after: text(search.after),
    movement: text(search.movement),
  }),
  component: lazyRouteComponent(() => import("./ComparisonPage"), "ComparisonPage"),
});

export interface TrendSearch {
  movement?: string;
  measure?: string;
  side?: string;
  region?: string;
}

const trendsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/patients/$patientId/trends",
  validateSearch: (search: Record<string, unknown>): TrendSearch => ({
    movement: text(search.movement),
    measure: text(search.measure),
    side: text(search.side),
    region: text(search.region),
  }),
  component: lazyRouteComponent(() => import("./TrendsPage"), "TrendsPage"),
});

export const progressRoutes = [comparisonRoute, trendsRoute];
