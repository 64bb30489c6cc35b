import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "../app/root";

const reviewsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/reviews",
  component: lazyRouteComponent(() => import("./ReviewsPage"), "ReviewsPage"),
});

export const reviewRoutes = [reviewsRoute];
