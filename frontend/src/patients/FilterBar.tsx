import { NativeSelect } from "@mantine/core";
import { query } from "../api/client";
import { t } from "../messages";
import { useMay } from "../session/session";
import { type Filters, type PatientState, STANDINGS, STATES, type Standing } from "./filters";

const ALL = "all";

/** Which records are listed: state, consent to care, care team. */
export function FilterBar({
  filters,
  onChange,
}: {
  filters: Filters;
  onChange: (change: Filters) => void;
}) {
  const may = useMay();
  const teams = query.useQuery(
    "get",
    "/api/v1/teams",
    {},
    { enabled: may("teams:read"), staleTime: 60_000 },
  );
  return (
    <>
      <NativeSelect
        w={140}
        aria-label={t.patients.list.state}
        data={STATES.map((value) => ({ value, label: t.patients.states[value] ?? value }))}
        value={filters.state ?? "active"}
        onChange={({ currentTarget: { value } }) =>
          onChange({ state: value === "active" ? undefined : (value as PatientState) })
        }
      />
      {may("consent:read") && (
        <NativeSelect
          w={170}
          aria-label={t.patients.list.columns.consent}
          data={[
            { value: ALL, label: t.patients.list.anyConsent },
            ...STANDINGS.map((value) => ({
              value,
              label: t.patients.consentStates[value] ?? value,
            })),
          ]}
          value={filters.consent ?? ALL}
          onChange={({ currentTarget: { value } }) =>
            onChange({ consent: value === ALL ? undefined : (value as Standing) })
          }
        />
      )}
      {(teams.data?.length ?? 0) > 1 && (
        <NativeSelect
          w={180}
          aria-label={t.patients.list.team}
          data={[
            { value: ALL, label: t.patients.list.anyTeam },
            ...(teams.data ?? []).map((team) => ({ value: team.id, label: team.name })),
          ]}
          value={filters.team ?? ALL}
          onChange={({ currentTarget: { value } }) =>
            onChange({ team: value === ALL ? undefined : value })
          }
        />
      )}
    </>
  );
}
