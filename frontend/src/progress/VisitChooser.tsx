// Chooses the two visits of a comparison among those of one patient.

import { ActionIcon, Group, NativeSelect, Tooltip } from "@mantine/core";
import { query } from "../api/client";
import { formatDay } from "../kit/formats";
import { IconArrowsExchange } from "../kit/icons";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages/all";

export function VisitChooser({
  patientId,
  before,
  after,
  onChoose,
}: {
  patientId: string;
  before: string;
  after: string;
  onChoose: (before: string, after: string) => void;
}) {
  const { data, error } = query.useQuery("get", "/api/v1/patients/{patient_id}/visits", {
    params: { path: { patient_id: patientId }, query: { limit: 200 } },
  });
  if (error) return <ProblemNotice error={error} />;
  const visits = [...(data?.items ?? [])].sort((a, b) => a.started_at.localeCompare(b.started_at));
  const options = visits.map((visit) => ({
    value: visit.id,
    label: `${formatDay(visit.visited_on)}${visit.title ? ` · ${visit.title}` : ""}`,
  }));
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
