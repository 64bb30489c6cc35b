import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "../app/root";

const visitRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/visits/$visitId",
  component: lazyRouteComponent(() => import("./VisitPage"), "VisitPage"),
});

export const visitRoutes = [visitRoute];
