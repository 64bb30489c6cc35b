import { Button } from "@mantine/core";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { IconDownload, IconGitCompare } from "../kit/icons";
import { Page } from "../kit/Page";
import { ProblemNotice } from "../kit/Problem";
import { Empty, Loading } from "../kit/States";
import { t } from "../messages/all";
import { useMay } from "../session/session";
import { nearestKey, overviewKeys, type TrendKey } from "./keys";
import { TrendClosely } from "./TrendClosely";
import { TrendOverview } from "./TrendOverview";
import { usePatient, useWayBack } from "./usePatient";
import { useTrendKeys } from "./useTrends";

/** How measures went over all visits: all targets at a glance, and any one of them closely. */
export function TrendsPage() {
  const { patientId } = useParams({ from: "/signed-in/patients/$patientId/trends" });
  const wish = useSearch({ from: "/signed-in/patients/$patientId/trends" });
  const navigate = useNavigate();
  const may = useMay();
  const patient = usePatient(patientId);
  const back = useWayBack(patientId);
  const found = useTrendKeys(patientId);
  const keys = useMemo(() => found.data ?? [], [found.data]);
  const overview = useMemo(() => overviewKeys(keys), [keys]);
  const chosen = useMemo(
    () =>
      (wish.movement ? nearestKey(keys, wish as Partial<TrendKey>) : null) ?? overview[0] ?? null,
    [keys, overview, wish],
  );
  const choose = ({ movement, measure, side, region }: TrendKey) =>
    navigate({
      to: "/patients/$patientId/trends",
      params: { patientId },
      search: { movement, measure, side, region },
      replace: true,
      resetScroll: false,
    });
  const [first, last] = [patient.visits[0], patient.visits.at(-1)];
  const error = found.error ?? patient.error;
  return (
    <Page
      title={t.progress.trends}
      subtitle={patient.pseudonym}
      back={back}
      actions={
        <>
          {first && last && first !== last && (
            <Button
              variant="default"
              leftSection={<IconGitCompare size={16} aria-hidden />}
              renderRoot={(props) => (
                <Link
                  {...props}
                  to="/compare"
                  search={{ before: first.id, after: last.id, movement: chosen?.movement }}
                />
              )}
            >
              {t.progress.compareFirstLast}
            </Button>
          )}
          {may("export:basic") && (
            <Button
              variant="default"
              component="a"
              leftSection={<IconDownload size={16} aria-hidden />}
              href={`/api/v1/patients/${patientId}/measures.csv`}
              download
            >
              {t.progress.csv}
            </Button>
          )}
        </>
      }
    >
      {error ? (
        <ProblemNotice
          error={error}
          onRetry={() => {
            patient.refetch();
            found.refetch();
          }}
        />
      ) : found.isPending ? (
        <Loading />
      ) : chosen === null ? (
        <Empty title={t.progress.noTrends} text={t.progress.noTrendsText} />
      ) : (
        <>
          <TrendOverview
            patientId={patientId}
            keys={overview}
            all={keys}
            chosen={chosen}
            onChoose={choose}
          />
          <TrendClosely patientId={patientId} keys={keys} chosen={chosen} onChoose={choose} />
        </>
      )}
    </Page>
  );
}
