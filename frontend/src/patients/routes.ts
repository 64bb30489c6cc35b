// Addresses of patients. What was typed into the search is in none of them.

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "../app/root";
import { filtersOf } from "./filters";
import { placeOf } from "./tabs";

const patientsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/patients",
  validateSearch: filtersOf,
  component: lazyRouteComponent(() => import("./PatientsPage"), "PatientsPage"),
});

const newPatientRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/patients/new",
  component: lazyRouteComponent(() => import("./NewPatientPage"), "NewPatientPage"),
});

const emergencyRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/patients/emergency",
  component: lazyRouteComponent(() => import("./EmergencyPage"), "EmergencyPage"),
});

const patientRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/patients/$patientId",
  validateSearch: placeOf,
  component: lazyRouteComponent(() => import("./PatientPage"), "PatientPage"),
});

export const patientRoutes = [patientsRoute, newPatientRoute, emergencyRoute, patientRoute];
