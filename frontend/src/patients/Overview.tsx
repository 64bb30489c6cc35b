import { Alert, Button, Grid, Group, Stack, Switch, Text, Title } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { query, type Schemas } from "../api/client";
import { IconPlus } from "../kit/icons";
import { ProblemNotice } from "../kit/Problem";
import { Empty, Loading } from "../kit/States";
import { t } from "../messages";
import { EpisodeDialog } from "./EpisodeForm";
import { EpisodeCard } from "./Episodes";
import type { PatientRights } from "./reach";
import { TimeLine } from "./TimeLine";
import { VisitTable } from "./VisitTable";

const MOST = 200;

/** What happened to a patient: the time line, visits, episodes; and what is to be done next. */
export function Overview({
  patient,
  rights,
  onNewVisit,
}: {
  patient: Schemas["PatientRead"];
  rights: PatientRights;
  onNewVisit: () => void;
}) {
  const { may, shows } = rights;
  const [withVoid, setWithVoid] = useState(false);
  const [newEpisode, setNewEpisode] = useState(false);
  const path = { patient_id: patient.id };
  const list = { limit: MOST, include_void: withVoid };
  const seesVisits = may("visit:read");
  const visits = query.useQuery(
    "get",
    "/api/v1/patients/{patient_id}/visits",
    { params: { path, query: list } },
    { enabled: seesVisits },
  );
  const episodes = query.useQuery("get", "/api/v1/patients/{patient_id}/episodes", {
    params: { path, query: list },
  });
  const eventLists = useQueries({
    queries: (episodes.data?.items ?? []).map((episode) =>
      query.queryOptions("get", "/api/v1/episodes/{episode_id}/events", {
        params: { path: { episode_id: episode.id }, query: list },
      }),
    ),
  });
  const events = eventLists.flatMap((one) => one.data?.items ?? []);
  const failed = visits.error ?? episodes.error ?? eventLists.find((one) => one.error)?.error;
  if (failed) {
    return (
      <ProblemNotice
        error={failed}
        onRetry={() => {
          visits.refetch();
          episodes.refetch();
        }}
      />
    );
  }
  if (!episodes.data || (seesVisits && !visits.data)) return <Loading />;
  const active = patient.state === "active";
  const writesEpisodes = active && may("episode:write");
  const writesVisits = active && may("visit:write");
  const recordsConsent = active && may("consent:record");

  return (
    <Stack>
      <NextSteps
        patient={patient}
        consent={recordsConsent && patient.care_consent === "missing"}
        episode={writesEpisodes && episodes.data.items.length === 0}
        visit={writesVisits && visits.data?.items.length === 0}
        onEpisode={() => setNewEpisode(true)}
        onVisit={onNewVisit}
      />
      <TimeLine visits={visits.data?.items ?? []} episodes={episodes.data.items} events={events} />
      <Grid gap="lg">
        {seesVisits && visits.data && (
          <Grid.Col span={{ base: 12, md: 7 }}>
            {visits.data.items.length > 0 ? (
              <VisitTable
                visits={visits.data.items}
                episodes={episodes.data.items}
                mayCompare={shows("results:compare")}
              />
            ) : (
              <Empty title={t.patients.visits.none} text={t.patients.visits.noneText} />
            )}
            {visits.data.total > visits.data.items.length && (
              <Text size="sm" c="dimmed">
                {t.patients.visits.more(visits.data.items.length, visits.data.total)}
              </Text>
            )}
          </Grid.Col>
        )}
        <Grid.Col span={{ base: 12, md: seesVisits ? 5 : 12 }}>
          <Group justify="space-between" mb={4} mih={30}>
            <Title order={2} size="h4">
              {t.patients.episodes.title}
            </Title>
            {writesEpisodes && (
              <Button
                size="compact-sm"
                variant="default"
                leftSection={<IconPlus size={14} aria-hidden />}
                onClick={() => setNewEpisode(true)}
              >
                {t.patients.episodes.new}
              </Button>
            )}
          </Group>
          <Stack gap="sm">
            {episodes.data.items.map((episode) => (
              <EpisodeCard
                key={episode.id}
                episode={episode}
                events={events.filter((event) => event.episode_id === episode.id)}
                mayWrite={writesEpisodes}
              />
            ))}
            {episodes.data.items.length === 0 && (
              <Empty title={t.patients.episodes.none} text={t.patients.episodes.noneText} />
            )}
          </Stack>
        </Grid.Col>
      </Grid>
      <Switch
        size="xs"
        label={t.patients.visits.showVoid}
        checked={withVoid}
        onChange={(event) => setWithVoid(event.currentTarget.checked)}
      />
      <EpisodeDialog
        opened={newEpisode}
        patientId={patient.id}
        onClose={() => setNewEpisode(false)}
      />
    </Stack>
  );
}

function NextSteps({
  patient,
  consent,
  episode,
  visit,
  onEpisode,
  onVisit,
}: {
  patient: Schemas["PatientRead"];
  consent: boolean;
  episode: boolean;
  visit: boolean | undefined;
  onEpisode: () => void;
  onVisit: () => void;
}) {
  if (!consent && !episode && !visit) return null;
  const words = t.patients.next;
  const step = (text: string, action: React.ReactNode) => (
    <Group justify="space-between" gap="sm">
      <Text size="sm">{text}</Text>
      {action}
    </Group>
  );
  return (
    <Alert variant="light" title={words.title}>
      <Stack gap="xs">
        {consent &&
          step(
            words.consent,
            <Button
              size="compact-sm"
              variant="default"
              renderRoot={(props) => (
                <Link
                  to="/patients/$patientId"
                  params={{ patientId: patient.id }}
                  search={{ tab: "consents" }}
                  {...props}
                />
              )}
            >
              {words.consentAction}
            </Button>,
          )}
        {episode &&
          step(
            words.episode,
            <Button size="compact-sm" variant="default" onClick={onEpisode}>
              {words.episodeAction}
            </Button>,
          )}
        {visit &&
          step(
            words.visit,
            <Button size="compact-sm" variant="default" onClick={onVisit}>
              {words.visitAction}
            </Button>,
          )}
      </Stack>
    </Alert>
  );
}
