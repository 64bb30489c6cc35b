import { Alert, Button, Group, Stack, Tabs, Text } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { query, type Schemas } from "../api/client";
import { IconTrendingUp } from "../kit/icons";
import { Page } from "../kit/Page";
import { ProblemNotice } from "../kit/Problem";
import { Empty, Loading } from "../kit/States";
import { useShortcuts } from "../kit/shortcuts";
import { t } from "../messages/all";
import { useMay } from "../session/session";
import { Changes } from "./Changes";
import { Glance } from "./Glance";
import { Rerun } from "./Rerun";
import { usePatient, useWayBack } from "./usePatient";
import { VisitChooser } from "./VisitChooser";

const Faces = lazy(() => import("./Faces").then((module) => ({ default: module.Faces })));

/** Two visits side by side, movement by movement. */
export function ComparisonPage() {
  const { before, after } = useSearch({ from: "/signed-in/compare" });
  if (!before || !after) {
    return (
      <Page title={t.progress.comparison}>
        <Empty
          title={t.progress.chooseVisits}
          text={t.progress.chooseVisitsText}
          action={
            <Button variant="default" renderRoot={(props) => <Link {...props} to="/" />}>
              {t.app.toPatients}
            </Button>
          }
        />
      </Page>
    );
  }
  return <Compared before={before} after={after} />;
}

function Compared({ before, after }: { before: string; after: string }) {
  const { movement } = useSearch({ from: "/signed-in/compare" });
  const navigate = useNavigate();
  const may = useMay();
  const { data, error, refetch } = query.useQuery(
    "get",
    "/api/v1/comparisons",
    { params: { query: { before, after } } },
    { enabled: before !== after },
  );
  // Where they are the same visit, there is nothing to compare, but still a patient to choose from.
  const visit = query.useQuery(
    "get",
    "/api/v1/visits/{visit_id}",
    { params: { path: { visit_id: before } } },
    { enabled: before === after && may("visit:read") },
  );
  const patientId = data?.patient_id ?? visit.data?.patient_id;
  const patient = usePatient(patientId);
  const back = useWayBack(patientId);
  const show = (search: { before: string; after: string; movement?: string }) =>
    navigate({ to: "/compare", search, resetScroll: false });
  useShortcuts(t.progress.shortcuts, [
    {
      keys: "S",
      label: t.progress.swap,
      run: () => show({ before: after, after: before, movement }),
    },
  ]);
  const pairs = data?.movements ?? [];
  const chosen =
    pairs.find((pair) => pair.movement === movement) ??
    pairs.find((pair) => pair.comparable && pair.movement !== "rest") ??
    pairs[0];
  return (
    <Page
      title={t.progress.comparison}
      subtitle={patient.pseudonym}
      back={back}
      actions={
        patientId && (
          <>
            {patient.error ? (
              <ProblemNotice error={patient.error} onRetry={patient.refetch} />
            ) : (
              <VisitChooser
                visits={patient.visits}
                before={before}
                after={after}
                onChoose={(one, other) => show({ before: one, after: other, movement })}
              />
            )}
            <Button
              variant="default"
              mt="auto"
              leftSection={<IconTrendingUp size={16} aria-hidden />}
              renderRoot={(props) => (
                <Link
                  {...props}
                  to="/patients/$patientId/trends"
                  params={{ patientId }}
                  search={{ movement: chosen?.movement }}
                />
              )}
            >
              {t.progress.trends}
            </Button>
          </>
        )
      }
    >
      {before === after ? (
        <Empty title={t.progress.sameVisit} text={t.progress.sameVisitText} />
      ) : error ? (
        <ProblemNotice error={error} onRetry={() => refetch()} />
      ) : !data ? (
        <Loading />
      ) : !chosen ? (
        <Empty title={t.progress.noMovements} text={t.progress.noMovementsText} />
      ) : (
        <>
          <Glance
            comparison={data}
            shown={chosen.movement}
            onChoose={(value) => show({ before, after, movement: value })}
          />
          <Tabs
            value={chosen.movement}
            onChange={(value) => value && show({ before, after, movement: value })}
            keepMounted={false}
          >
            <Tabs.List mb="sm" aria-label={t.progress.movement}>
              {pairs.map((pair) => (
                <Tabs.Tab key={pair.movement} value={pair.movement}>
                  {t.clinical.movements[pair.movement] ?? pair.movement}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            {pairs.map((pair) => (
              <Tabs.Panel key={pair.movement} value={pair.movement}>
                <Movement comparison={data} pair={pair} />
              </Tabs.Panel>
            ))}
          </Tabs>
        </>
      )}
    </Page>
  );
}

function Movement({
  comparison,
  pair,
}: {
  comparison: Schemas["ComparisonRead"];
  pair: Schemas["MovementPair"];
}) {
  const { before, after } = pair;
  if (!before || !after) {
    return (
      <Alert color="gray" variant="light" title={t.progress.notComparable}>
        <Text size="sm">{pair.reason}</Text>
      </Alert>
    );
  }
  // Both were analysed and still can't be compared: different models made them.
  if (!pair.comparable) {
    const differing = comparison.movements.filter(
      (one) => one.before && one.after && !one.comparable,
    );
    return (
      <Rerun
        comparison={comparison}
        movements={differing.map((one) => one.movement)}
        models={[before.model, after.model]}
      />
    );
  }
  return (
    <Stack>
      <Suspense fallback={<Loading />}>
        <Faces
          key={`${before.id}-${after.id}`}
          comparison={comparison}
          before={before}
          after={after}
        />
      </Suspense>
      {!pair.same_scale && (
        <Group>
          <Text size="xs" c="dimmed">
            {t.progress.differentScale}
          </Text>
        </Group>
      )}
      <Changes before={comparison.before.id} after={comparison.after.id} movement={pair.movement} />
    </Stack>
  );
}
