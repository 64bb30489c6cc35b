import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "../app/root";

const researchRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/research",
  component: lazyRouteComponent(() => import("./ResearchPage"), "ResearchPage"),
});

export const researchRoutes = [researchRoute];
