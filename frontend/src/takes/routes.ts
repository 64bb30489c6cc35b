import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "../app/root";

const takeRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/takes/$takeId",
  component: lazyRouteComponent(() => import("./TakePage"), "TakePage"),
});

const reviewsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/reviews",
  component: lazyRouteComponent(() => import("./ReviewsPage"), "ReviewsPage"),
});

export const takeRoutes = [takeRoute, reviewsRoute];
