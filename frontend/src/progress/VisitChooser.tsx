// Chooses the two visits of a comparison among those of one patient.

import { ActionIcon, Group, NativeSelect, Tooltip } from "@mantine/core";
import { IconArrowsExchange } from "../kit/icons";
import { t } from "../messages/all";
import type { VisitOption } from "./usePatient";

export function VisitChooser({
  visits,
  before,
  after,
  onChoose,
}: {
  visits: readonly VisitOption[];
  before: string;
  after: string;
  onChoose: (before: string, after: string) => void;
}) {
  const options = visits.map(({ id, label }) => ({ value: id, label }));
  return (
    <Group align="flex-end" gap="xs">
      <NativeSelect
        label={t.progress.before}
        data={options}
        value={before}
        onChange={(event) => onChoose(event.currentTarget.value, after)}
      />
      <Tooltip label={t.progress.swap}>
        <ActionIcon
          size={36}
          variant="default"
          aria-label={t.progress.swap}
          onClick={() => onChoose(after, before)}
        >
          <IconArrowsExchange size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <NativeSelect
        label={t.progress.after}
        data={options}
        value={after}
        onChange={(event) => onChoose(before, event.currentTarget.value)}
      />
    </Group>
  );
}
