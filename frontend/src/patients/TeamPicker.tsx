import { MultiSelect } from "@mantine/core";
import { query } from "../api/client";
import { t } from "../messages";

/** Chooses care teams that are in use. */
export function TeamPicker({
  value,
  onChange,
  error,
  required,
}: {
  value: string[];
  onChange: (teamIds: string[]) => void;
  error?: string;
  required?: boolean;
}) {
  const teams = query.useQuery("get", "/api/v1/teams", {}, { staleTime: 60_000 });
  return (
    <MultiSelect
      label={t.patients.fields.teams}
      description={t.patients.fields.teamsHint}
      required={required}
      searchable
      data={(teams.data ?? [])
        .filter((team) => team.archived_at === null)
        .map((team) => ({ value: team.id, label: team.name }))}
      value={value}
      onChange={onChange}
      error={error}
    />
  );
}
