// A recording on its way: made at the service once, its files sent side by side. No React here.

import { api, type Schemas } from "../api/client";
import { forget, type Kept } from "./kept";
import { Sending, type View } from "./sending";

export const VIEWS: readonly View[] = ["right", "center", "left"];

export interface Begun {
  recordingId: string;
  takeId: string;
}

interface Circumstances {
  device?: string;
  offsetsS?: Partial<Record<View, number>>;
}

/** Announce a recording with its views; the id under which its files are sent. */
export async function announce(
  visitId: string,
  views: View[],
  more: Circumstances = {},
): Promise<string> {
  const { data } = await api.POST("/api/v1/visits/{visit_id}/recordings", {
    params: { path: { visit_id: visitId } },
    body: {
      declared_views: views,
      device: more.device ?? "",
      recorded_at: new Date().toISOString(),
      offsets_s: more.offsetsS ?? {},
      known_distances_mm: {},
      camera_distance_mm: null,
      iris_mm: null,
    } as Schemas["NewRecording"],
  });
  if (!data) throw new Error("an answer without a body");
  return data.id;
}

/** Announce a recording with its views, and the take that lies in it. */
export async function begin(
  visitId: string,
  movement: string,
  views: View[],
  more: Circumstances & { replaces?: string } = {},
): Promise<Begun> {
  const recordingId = await announce(visitId, views, more);
  const { data: take } = await api.POST("/api/v1/visits/{visit_id}/takes", {
    params: { path: { visit_id: visitId } },
    body: {
      movement,
      recording_id: recordingId,
      ...(more.replaces ? { replaces_take_id: more.replaces } : {}),
    },
  });
  if (!take) throw new Error("an answer without a body");
  return { recordingId, takeId: take.id };
}

/** One sender per file, all started. */
export function sendAll(
  recordingId: string,
  files: Partial<Record<View, Blob>>,
): Partial<Record<View, Sending>> {
  const made: Partial<Record<View, Sending>> = {};
  for (const view of VIEWS) {
    const file = files[view];
    if (!file) continue;
    const sending = new Sending(file, recordingId, view);
    made[view] = sending;
    sending.start();
  }
  return made;
}

/** Send what was recorded here; it stays in the browser until the service has all of it. */
export function sendKept(film: Kept, recordingId: string): Partial<Record<View, Sending>> {
  const sendings = sendAll(recordingId, film.films);
  const all = Object.values(sendings);
  for (const one of all) {
    one.subscribe(() => {
      if (all.every((other) => other.snapshot().status === "accepted")) {
        forget(film.visitId, film.movement);
      }
    });
  }
  return sendings;
}
