import { Badge } from "@mantine/core";
import { t } from "../messages/all";

const LOOKS: Record<string, { color: string; variant: string }> = {
  ok: { color: "teal", variant: "light" },
  warning: { color: "yellow", variant: "light" },
  usable_with_warning: { color: "yellow", variant: "light" },
  rejected: { color: "gray", variant: "filled" },
};

/** The word of quality control; its meaning is in the word, not in the colour. */
export function VerdictBadge({ verdict }: { verdict: string }) {
  const look = LOOKS[verdict] ?? { color: "gray", variant: "light" };
  const word = verdict === "usable_with_warning" ? "warning" : verdict;
  return (
    <Badge
      {...look}
      tt="none"
      fw={600}
      c={look.variant === "light" ? "var(--mantine-color-text)" : undefined}
    >
      {t.clinical.verdicts[word] ?? verdict}
    </Badge>
  );
}
