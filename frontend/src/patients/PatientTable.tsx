import { Text, UnstyledButton } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { KeyboardEvent, Ref } from "react";
import { query, type Schemas } from "../api/client";
import { formatDay } from "../kit/formats";
import { IconArrowDown, IconArrowUp } from "../kit/icons";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages";
import { CareBadge, personWords } from "./badges";
import { type Column, nextSort, type Sort, sortedBy } from "./filters";
import styles from "./patients.module.css";

// A plain table: Mantine's brings its scroll area, and this is the first page.

/** The found records, one a line; arrows go from line to line, Enter opens one. */
export function PatientTable({
  ref,
  patients,
  sort,
  named,
  stale,
  onSort,
  onLeaveTop,
}: {
  ref: Ref<HTMLTableSectionElement>;
  patients: Schemas["PatientSummary"][];
  sort: Sort | undefined;
  named: boolean;
  stale: boolean;
  onSort: (sort: Sort) => void;
  onLeaveTop: () => void;
}) {
  // Each look is audited, so it is not repeated behind the reader's back, and forgotten at once.
  const identities = query.useQuery(
    "get",
    "/api/v1/patients/identities",
    { params: { query: { patient_id: patients.map((patient) => patient.id) } } },
    {
      enabled: named && patients.length > 0 && !stale,
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 0,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
    },
  );
  const people = new Map(identities.data?.map((person) => [person.id, person]));

  const move = (event: KeyboardEvent<HTMLTableSectionElement>) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const links = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-open]")];
    const row = (event.target as HTMLElement).closest("tr");
    const now = links.findIndex((link) => row?.contains(link));
    event.preventDefault();
    if (event.key === "ArrowUp" && now <= 0) onLeaveTop();
    else links[now + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
  };

  const words = t.patients.list.columns;
  const head = (column: Column, label: string) => (
    <th aria-sort={sortedBy(sort, column)}>
      <UnstyledButton
        className={styles.head}
        fz="sm"
        onClick={() => onSort(nextSort(sort, column))}
        aria-label={t.patients.list.sortBy(label)}
      >
        {label}
        {sortedBy(sort, column) === "ascending" && <IconArrowUp size={13} aria-hidden />}
        {sortedBy(sort, column) === "descending" && <IconArrowDown size={13} aria-hidden />}
      </UnstyledButton>
    </th>
  );

  return (
    <>
      {named && identities.error && (
        <ProblemNotice error={identities.error} onRetry={() => identities.refetch()} />
      )}
      <div className={styles.scroll}>
        <table
          className={styles.table}
          aria-label={t.patients.title}
          data-stale={stale || undefined}
        >
          <thead>
            <tr>
              {head("pseudonym", words.pseudonym)}
              {named && <th>{words.name}</th>}
              {named && <th>{words.mrn}</th>}
              <th>{words.person}</th>
              <th>{words.consent}</th>
              {head("last_visit", words.lastVisit)}
              <th>{words.visitState}</th>
              {head("created_at", words.created)}
            </tr>
          </thead>
          <tbody ref={ref} onKeyDown={move}>
            {patients.map((patient) => (
              <tr key={patient.id} className={styles.row}>
                <td>
                  <Link
                    to="/patients/$patientId"
                    params={{ patientId: patient.id }}
                    className={styles.open}
                    data-open
                  >
                    {patient.pseudonym}
                  </Link>
                </td>
                {named && <td>{people.get(patient.id)?.name ?? t.app.undetermined}</td>}
                {named && (
                  <td className="numbers">{people.get(patient.id)?.mrn ?? t.app.undetermined}</td>
                )}
                <td>{personWords(patient)}</td>
                <td>
                  <CareBadge standing={patient.care_consent} short />
                </td>
                <td className="numbers">
                  {patient.last_visit ? (
                    <Link
                      to="/visits/$visitId"
                      params={{ visitId: patient.last_visit.id }}
                      className={styles.inside}
                    >
                      {formatDay(patient.last_visit.visited_on)}
                    </Link>
                  ) : (
                    <Text span size="sm" c="dimmed">
                      {t.patients.list.noVisit}
                    </Text>
                  )}
                </td>
                <td>
                  {patient.last_visit &&
                    (patient.last_visit.signed ? t.visits.states.signed : t.visits.states.open)}
                </td>
                <td className="numbers">{formatDay(patient.created_at)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
