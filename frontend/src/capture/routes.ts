import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "../app/root";

const captureRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/visits/$visitId/capture",
  component: lazyRouteComponent(() => import("./CapturePage"), "CapturePage"),
});

export const captureRoutes = [captureRoute];
