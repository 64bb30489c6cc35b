// The address of the page for recording; it is loaded whole, since it has its own security policy.

/** Where a visit is recorded; of which movement, and which take that replaces. */
export function captureOf(
  visitId: string,
  wanted: { movement?: string; replaces?: string } = {},
): string {
  const search = new URLSearchParams(wanted).toString();
  return `/visits/${visitId}/capture${search && `?${search}`}`;
}
