// The day of a visit where the clinic is, and its instant with the clinic's offset.

/** `2026-03-01` and `14:05` here, as an instant with the offset of this place on that day. */
export function instantOf(day: string, time: string): string {
  const here = new Date(`${day}T${time}:00`);
  const offset = -here.getTimezoneOffset();
  const two = (n: number) => String(Math.floor(n)).padStart(2, "0");
  const size = Math.abs(offset);
  return `${day}T${time}:00${offset < 0 ? "-" : "+"}${two(size / 60)}:${two(size % 60)}`;
}

/** The time of an instant here, as `14:05`. */
export function timeOf(instant: string | Date): string {
  const here = new Date(instant);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(here.getHours())}:${two(here.getMinutes())}`;
}
