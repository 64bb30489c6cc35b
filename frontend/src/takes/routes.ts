import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "../app/root";

interface TakeSearch {
  /** An earlier version of the analysis. */
  analysis?: string;
  /** Seconds of the take to begin at. */
  at?: number;
}

const takeRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/takes/$takeId",
  validateSearch: (search: Record<string, unknown>): TakeSearch => ({
    ...(typeof search.analysis === "string" ? { analysis: search.analysis } : {}),
    ...(typeof search.at === "number" && Number.isFinite(search.at) ? { at: search.at } : {}),
  }),
  component: lazyRouteComponent(() => import("./TakePage"), "TakePage"),
});

export const takeRoutes = [takeRoute];
