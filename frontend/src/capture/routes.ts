import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedInRoute } from "../app/root";

export interface CaptureSearch {
  movement?: string;
  /** One recording of the whole protocol instead of one movement. */
  whole?: boolean;
  /** A recording that was begun and waits for its files. */
  recording?: string;
  /** The take that the new one takes the place of. */
  replaces?: string;
}

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

const captureRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: "/visits/$visitId/capture",
  validateSearch: (search: Record<string, unknown>): CaptureSearch => ({
    movement: text(search.movement),
    whole: search.whole === true || undefined,
    recording: text(search.recording),
    replaces: text(search.replaces),
  }),
  component: lazyRouteComponent(() => import("./CapturePage"), "CapturePage"),
});

export const captureRoutes = [captureRoute];
