import { Badge } from "@mantine/core";
import type { Schemas } from "../api/client";
import { t } from "../messages";

type State = Schemas["VisitState"];

const LOOKS: Record<State, { variant: "light" | "outline"; color: string }> = {
  open: { variant: "outline", color: "gray" },
  signed: { variant: "light", color: "ink" },
  amending: { variant: "light", color: "orange" },
  entered_in_error: { variant: "light", color: "orange" },
};

/** Where a visit stands: open, signed, opened to amend, entered in error. */
export function VisitStateBadge({ state }: { state: State }) {
  return (
    <Badge {...LOOKS[state]} tt="none" fw={500}>
      {t.visits.states[state]}
    </Badge>
  );
}
