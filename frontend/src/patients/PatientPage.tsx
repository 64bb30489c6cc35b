import { Button, Group, Stack, Tabs, Text } from "@mantine/core";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { ProblemError, query } from "../api/client";
import { NotFound } from "../app/Failures";
import { IconPlus, IconTrendingUp } from "../kit/icons";
import { Page } from "../kit/Page";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { useShortcuts } from "../kit/shortcuts";
import { t } from "../messages";
import { VisitDialog } from "../visits/VisitForm";
import { CareBadge, personWords, StateBadge } from "./badges";
import { IdentityReveal } from "./Identity";
import { Overview } from "./Overview";
import { PatientNotices } from "./PatientNotices";
import { usePatientRights } from "./reach";
import type { Tab } from "./tabs";

const Consents = lazy(() => import("./Consents").then((m) => ({ default: m.Consents })));
const Person = lazy(() => import("./Person").then((m) => ({ default: m.Person })));
const Exports = lazy(() => import("./Exports").then((m) => ({ default: m.Exports })));
const History = lazy(() => import("./History").then((m) => ({ default: m.History })));

const route = getRouteApi("/signed-in/patients/$patientId");

/** One patient: episodes, visits and events in time, consents, person and team, exports, history. */
export function PatientPage() {
  const { patientId } = route.useParams();
  const tab = route.useSearch().tab ?? "overview";
  const navigate = useNavigate();
  const [newVisit, setNewVisit] = useState(false);
  const found = query.useQuery("get", "/api/v1/patients/{patient_id}", {
    params: { path: { patient_id: patientId } },
  });
  const patient = found.data;
  const rights = usePatientRights(patient);
  const { may, shows } = rights;
  const begins = patient?.state === "active" && may("visit:write");
  const toTrends = () => navigate({ to: "/patients/$patientId/trends", params: { patientId } });
  useShortcuts(t.patients.tabs.overview, [
    ...(begins
      ? [{ keys: "N", label: t.patients.header.newVisit, run: () => setNewVisit(true) }]
      : []),
    ...(shows("results:compare")
      ? [
          {
            keys: "T",
            label: t.patients.header.trends,
            run: () => {
              toTrends();
            },
          },
        ]
      : []),
  ]);

  if (found.error instanceof ProblemError && found.error.status === 404) return <NotFound />;
  if (found.error) return <ProblemNotice error={found.error} onRetry={() => found.refetch()} />;
  if (!patient || rights.reach === null) return <Loading />;

  const tabs: Tab[] = ["overview"];
  if (may("consent:read")) tabs.push("consents");
  tabs.push("person");
  if (may("export:basic") || may("export:clinical")) tabs.push("exports");
  tabs.push("history");
  const shown = tabs.includes(tab) ? tab : "overview";

  return (
    <Page
      title={patient.pseudonym}
      back={{ label: t.patients.title, to: "/patients" }}
      subtitle={
        <Group gap="sm" mih={26}>
          <Text size="sm">{personWords(patient)}</Text>
          <CareBadge standing={patient.care_consent} />
          <StateBadge state={patient.state} />
          {may("patient:identity") && <IdentityReveal key={patient.id} patientId={patient.id} />}
        </Group>
      }
      actions={
        <>
          {shows("results:compare") && (
            <Button
              variant="default"
              leftSection={<IconTrendingUp size={16} aria-hidden />}
              onClick={toTrends}
            >
              {t.patients.header.trends}
            </Button>
          )}
          {begins && (
            <Button
              leftSection={<IconPlus size={16} aria-hidden />}
              onClick={() => setNewVisit(true)}
            >
              {t.patients.header.newVisit}
            </Button>
          )}
        </>
      }
    >
      <Stack gap="sm">
        <PatientNotices patient={patient} rights={rights} />
        <Tabs
          value={shown}
          keepMounted={false}
          onChange={(value) =>
            navigate({
              to: "/patients/$patientId",
              params: { patientId },
              search: value === "overview" ? {} : { tab: value as Tab },
            })
          }
        >
          <Tabs.List mb="md">
            {tabs.map((one) => (
              <Tabs.Tab key={one} value={one}>
                {t.patients.tabs[one]}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Suspense fallback={<Loading />}>
            <Tabs.Panel value="overview">
              <Overview patient={patient} rights={rights} onNewVisit={() => setNewVisit(true)} />
            </Tabs.Panel>
            <Tabs.Panel value="consents">
              <Consents patient={patient} rights={rights} />
            </Tabs.Panel>
            <Tabs.Panel value="person">
              <Person patient={patient} rights={rights} />
            </Tabs.Panel>
            <Tabs.Panel value="exports">
              <Exports patient={patient} rights={rights} />
            </Tabs.Panel>
            <Tabs.Panel value="history">
              <History patientId={patient.id} />
            </Tabs.Panel>
          </Suspense>
        </Tabs>
      </Stack>
      <VisitDialog opened={newVisit} patientId={patient.id} onClose={() => setNewVisit(false)} />
    </Page>
  );
}
