// Which records this person opened by emergency access, and until when; ids and instants alone.

const PREFIX = "sfpfr-opened:";

type Opened = Record<string, string>;

function read(userId: string): Opened {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + userId) ?? "{}") as Opened;
  } catch {
    return {};
  }
}

/** Remember that a record is open, and forget those whose time is over. */
export function rememberOpened(
  userId: string,
  patientId: string,
  expiresAt: string,
  now: number,
): void {
  const still = Object.entries(read(userId)).filter(([, end]) => Date.parse(end) > now);
  localStorage.setItem(
    PREFIX + userId,
    JSON.stringify({ ...Object.fromEntries(still), [patientId]: expiresAt }),
  );
}

/** When the emergency access to a record ends, or null when there is none. */
export function openedUntil(userId: string, patientId: string, now: number): string | null {
  const end = read(userId)[patientId];
  return end && Date.parse(end) > now ? end : null;
}

/** Whole hours and minutes that are left. */
export function timeLeft(end: string, now: number): { hours: number; minutes: number } {
  const minutes = Math.max(0, Math.ceil((Date.parse(end) - now) / 60_000));
  return { hours: Math.floor(minutes / 60), minutes: minutes % 60 };
}
