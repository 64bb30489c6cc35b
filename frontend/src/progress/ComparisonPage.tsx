import { Alert, Group, Stack, Tabs, Text } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { query, type Schemas } from "../api/client";
import { Page } from "../kit/Page";
import { ProblemNotice } from "../kit/Problem";
import { Empty, Loading } from "../kit/States";
import { t } from "../messages/all";
import { Changes } from "./Changes";
import { Rerun } from "./Rerun";
import { VisitChooser } from "./VisitChooser";

const Faces = lazy(() => import("./Faces").then((module) => ({ default: module.Faces })));

/** Two visits side by side, movement by movement. */
export function ComparisonPage() {
  const { before, after } = useSearch({ from: "/signed-in/compare" });
  if (!before || !after) {
    return (
      <Page title={t.progress.comparison}>
        <Empty title={t.progress.chooseVisits} text={t.progress.noMovementsText} />
      </Page>
    );
  }
  return <Compared before={before} after={after} />;
}

function Compared({ before, after }: { before: string; after: string }) {
  const { movement } = useSearch({ from: "/signed-in/compare" });
  const navigate = useNavigate();
  const { data, error, refetch } = query.useQuery(
    "get",
    "/api/v1/comparisons",
    { params: { query: { before, after } } },
    { enabled: before !== after },
  );
  // Where they are the same visit, there is nothing to compare, but still a patient to choose from.
  const visit = query.useQuery("get", "/api/v1/visits/{visit_id}", {
    params: { path: { visit_id: before } },
  });
  const patientId = data?.patient_id ?? visit.data?.patient_id;
  const patient = query.useQuery(
    "get",
    "/api/v1/patients/{patient_id}",
    { params: { path: { patient_id: patientId ?? "" } } },
    { enabled: patientId !== undefined },
  );
  const show = (search: { before: string; after: string; movement?: string }) =>
    navigate({ to: "/compare", search, resetScroll: false });
  const pairs = data?.movements ?? [];
  const chosen =
    pairs.find((pair) => pair.movement === movement) ??
    pairs.find((pair) => pair.comparable && pair.movement !== "rest") ??
    pairs[0];
  return (
    <Page
      title={t.progress.comparison}
      subtitle={patient.data?.pseudonym}
      back={
        patientId
          ? { label: t.progress.toPatient, to: "/patients/$patientId", params: { patientId } }
          : undefined
      }
      actions={
        patientId && (
          <VisitChooser
            patientId={patientId}
            before={before}
            after={after}
            onChoose={(one, other) => show({ before: one, after: other, movement })}
          />
        )
      }
    >
      {before === after ? (
        <Empty title={t.progress.sameVisit} />
      ) : error ? (
        <ProblemNotice error={error} onRetry={() => refetch()} />
      ) : !data ? (
        <Loading />
      ) : !chosen ? (
        <Empty title={t.progress.noMovements} text={t.progress.noMovementsText} />
      ) : (
        <Tabs
          value={chosen.movement}
          onChange={(value) => value && show({ before, after, movement: value })}
          keepMounted={false}
        >
          <Tabs.List mb="sm">
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
  if (!pair.comparable || !before || !after) {
    return (
      <Stack>
        {before && after && before.model !== after.model ? (
          <Rerun
            before={comparison.before.id}
            after={comparison.after.id}
            movements={[pair.movement]}
          />
        ) : (
          <Alert color="gray" variant="light" title={t.progress.notComparable}>
            <Text size="sm">{pair.reason}</Text>
          </Alert>
        )}
        {before && after && (
          <Group gap="md">
            {[before, after].map((one) => (
              <Text key={one.id} size="xs" c="dimmed">
                {one.model}
              </Text>
            ))}
          </Group>
        )}
      </Stack>
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
        <Text size="xs" c="dimmed">
          {t.progress.differentScale}
        </Text>
      )}
      <Changes before={comparison.before.id} after={comparison.after.id} movement={pair.movement} />
    </Stack>
  );
}
