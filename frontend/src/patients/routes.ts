import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "../app/root";

const patientsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/patients",
  component: lazyRouteComponent(() => import("./PatientsPage"), "PatientsPage"),
});

const patientRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/patients/$patientId",
  component: lazyRouteComponent(() => import("./PatientPage"), "PatientPage"),
});

export const patientRoutes = [patientsRoute, patientRoute];
