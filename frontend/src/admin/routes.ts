import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "../app/root";

export const ADMIN_PLACES = [
  "users",
  "teams",
  "protocol",
  "work",
  "storage",
  "audit",
  "alerts",
] as const;
export type AdminPlace = (typeof ADMIN_PLACES)[number];

const adminRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/admin",
  validateSearch: (search: Record<string, unknown>): { place?: AdminPlace } => {
    const place = ADMIN_PLACES.find((one) => one === search.place);
    return place ? { place } : {};
  },
  component: lazyRouteComponent(() => import("./AdminPage"), "AdminPage"),
});

export const adminRoutes = [adminRoute];
