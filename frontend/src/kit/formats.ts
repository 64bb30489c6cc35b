// Numbers, dates and sizes in the reader's own manner; nothing here knows a page.

const LANGUAGE = typeof navigator === "undefined" ? "en" : navigator.language;

const day = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium", timeZone: "UTC" });
const month = new Intl.DateTimeFormat(LANGUAGE, {
  year: "numeric",
  month: "short",
  timeZone: "UTC",
});
const instant = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium", timeStyle: "short" });
const whole = new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat(LANGUAGE, {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const hundredth = new Intl.NumberFormat(LANGUAGE, {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});

/** A calendar day such as `2026-03-01`, which has no time zone. */
export function formatDay(iso: string): string {
  return day.format(new Date(`${iso.slice(0, 10)}T00:00:00Z`));
}

/** The month of a calendar day. */
export function formatMonth(iso: string): string {
  return month.format(new Date(`${iso.slice(0, 10)}T00:00:00Z`));
}

/** An instant, in the reader's time zone. */
export function formatInstant(iso: string): string {
  return instant.format(new Date(iso));
}

/** Today where the reader is, as `YYYY-MM-DD`. */
export function today(): string {
  const now = new Date();
  const two = (n: number) => String(n).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

/** A number with the decimals that its unit deserves: one for millimetres and degrees. */
export function formatNumber(value: number, decimals: 0 | 1 | 2 = 1): string {
  const format = decimals === 0 ? whole : decimals === 1 ? tenth : hundredth;
  // No minus sign in front of a zero.
  const text = format.format(value);
  return /[1-9]/.test(text) ? text : text.replace(/^[-−]/, "");
}

/** Bytes as people say them. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? whole.format(value) : tenth.format(value)} ${units[unit]}`;
}

/** Seconds as `1:05`, or `0:03.2` with tenths. */
export function formatClock(seconds: number, tenths = false): string {
  const sign = seconds < 0 ? "-" : "";
  const all = tenths ? Math.round(Math.abs(seconds) * 10) / 10 : Math.round(Math.abs(seconds));
  const minutes = Math.floor(all / 60);
  const rest = all - 60 * minutes;
  const text = tenths ? rest.toFixed(1).padStart(4, "0") : String(rest).padStart(2, "0");
  return `${sign}${minutes}:${text}`;
}
