// Recordings that were not sent yet, kept in this browser so that a reload or crash loses nothing.

import type { View } from "./sending";

const NAME = "sfpfr-capture";
const STORE = "recordings";

export interface Kept {
  visitId: string;
  movement: string;
  recordedAt: string;
  /** Under which it is being sent; a reload goes on with it. */
  recordingId?: string;
  /** Seconds that each camera began after the first one. */
  offsetsS: Partial<Record<View, number>>;
  films: Partial<Record<View, Blob>>;
}

function keyOf(visitId: string, movement: string): string {
  return `${visitId}:${movement}`;
}

function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await asked(opening);
  const transaction = database.transaction(STORE, mode);
  transaction.oncomplete = () => database.close();
  transaction.onabort = () => database.close();
  return transaction.objectStore(STORE);
}

export async function keep(kept: Kept): Promise<void> {
  await asked((await store("readwrite")).put(kept, keyOf(kept.visitId, kept.movement)));
}

export async function kept(visitId: string, movement: string): Promise<Kept | null> {
  return (await asked((await store("readonly")).get(keyOf(visitId, movement)))) ?? null;
}

export async function forget(visitId: string, movement: string): Promise<void> {
  await asked((await store("readwrite")).delete(keyOf(visitId, movement)));
}

/** At sign-out: no film stays in a browser that somebody else uses next. */
export async function forgetAll(): Promise<void> {
  await asked((await store("readwrite")).clear());
}
