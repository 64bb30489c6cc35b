import { Alert, Button, Grid, Group, Stack, Switch, Text, Title } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, ProblemError } from "../api/client";
import { NotFound } from "../app/Failures";
import { formatDay, formatInstant } from "../kit/formats";
import { IconAlertTriangle, IconVideo } from "../kit/icons";
import { notify } from "../kit/notify";
import { Page } from "../kit/Page";
import { ProblemNotice } from "../kit/Problem";
import { Empty, Loading } from "../kit/States";
import { useShortcuts } from "../kit/shortcuts";
import { tell } from "../kit/tell";
import { t } from "../messages";
import { useRefresh } from "../patients/answers";
import { Section } from "../patients/Section";
import { captureOf } from "./capture";
import { Recordings } from "./Recordings";
import { SignPanel } from "./SignPanel";
import { progressOf } from "./standing";
import { TakeTable } from "./TakeTable";
import { useVisit } from "./useVisit";
import { VisitDialog } from "./VisitForm";
import { VisitMenu } from "./VisitMenu";
import { VisitStateBadge } from "./VisitStateBadge";

const route = getRouteApi("/signed-in/visits/$visitId");
const words = t.visits;

/** One visit: takes by movement with quality and target measure, what is missing, the signature. */
export function VisitPage() {
  const { visitId } = route.useParams();
  const [withVoid, setWithVoid] = useState(false);
  const [editing, setEditing] = useState(false);
  const refresh = useRefresh();
  const known = useVisit(visitId, withVoid);
  const { rights, groups, takes, recordings } = known;
  const visit = known.visit.data;
  const patient = known.patient.data;

  const editable =
    visit !== undefined &&
    patient?.state === "active" &&
    visit.voided_at === null &&
    (visit.state === "open" || visit.state === "amending");
  const mayWrite = editable && rights.may("visit:write");
  const mayCapture = mayWrite && patient.care_consent === "granted";
  const capture = captureOf(visitId);

  const step = (by: number) => {
    const links = [...document.querySelectorAll<HTMLElement>("[data-open-take]")];
    const now = links.indexOf(document.activeElement as HTMLElement);
    links[Math.max(0, Math.min(links.length - 1, now + by))]?.focus();
  };
  useShortcuts(words.title, [
    { keys: "J", label: words.shortcutNextTake, run: () => step(1) },
    { keys: "K", label: words.shortcutPreviousTake, run: () => step(-1) },
    ...(mayWrite ? [{ keys: "E", label: words.shortcutEdit, run: () => setEditing(true) }] : []),
    ...(mayCapture
      ? [{ keys: "R", label: words.shortcutCapture, run: () => window.location.assign(capture) }]
      : []),
  ]);

  const trouble = known.visit.error ?? known.patient.error ?? takes.error ?? recordings.error;
  if (trouble instanceof ProblemError && trouble.status === 404) return <NotFound />;
  if (trouble) return <ProblemNotice error={trouble} onRetry={() => refresh()} />;
  if (!visit || !patient || !takes.data || !recordings.data || rights.reach === null)
    return <Loading />;

  const day = formatDay(visit.visited_on);
  const episode = known.episode.data;
  const { done, wanted } = progressOf(groups);
  return (
    <Page
      title={visit.title || words.ofDay(day)}
      back={{
        label: patient.pseudonym,
        to: "/patients/$patientId",
        params: { patientId: patient.id },
      }}
      subtitle={
        <Group gap="sm" mih={26}>
          <Text size="sm" className="numbers">
            {formatInstant(visit.started_at)}
          </Text>
          <Text size="sm">
            {episode
              ? `${episode.cause}, ${words.affected(t.clinical.sides[episode.affected_side] ?? "")}`
              : words.noEpisode}
          </Text>
          <VisitStateBadge state={visit.state} />
        </Group>
      }
      actions={
        <>
          <VisitMenu
            visit={visit}
            rights={rights}
            onEdit={mayWrite ? () => setEditing(true) : undefined}
          />
          {mayCapture && (
            // A full load: the page for recording has its own security policy.
            <Button component="a" href={capture} leftSection={<IconVideo size={16} aria-hidden />}>
              {words.capture}
            </Button>
          )}
        </>
      }
    >
      {visit.voided_at !== null && (
        <Alert
          variant="light"
          color="gray"
          title={words.visitAct.isVoid(formatDay(visit.voided_at), visit.void_reason ?? "")}
        >
          {rights.may("visit:void") && (
            <Button
              size="compact-sm"
              variant="default"
              onClick={() =>
                tell(async () => {
                  await api.POST("/api/v1/visits/{visit_id}/unvoid", {
                    params: { path: { visit_id: visit.id } },
                  });
                  await refresh();
                  notify(words.act.broughtBack);
                })
              }
            >
              {words.visitAct.bringBack}
            </Button>
          )}
        </Alert>
      )}
      {visit.state === "entered_in_error" && (
        <Alert
          variant="light"
          color="orange"
          icon={<IconAlertTriangle aria-hidden />}
          title={words.visitAct.isError}
        />
      )}
      {patient.care_consent !== null && patient.care_consent !== "granted" && (
        <Alert
          variant="light"
          color="orange"
          icon={<IconAlertTriangle aria-hidden />}
          title={words.hidden.title}
        >
          <Text size="sm">{words.hidden[patient.care_consent]}</Text>
          <Link
            to="/patients/$patientId"
            params={{ patientId: patient.id }}
            search={{ tab: "consents" }}
          >
            {words.hidden.toConsents}
          </Link>
        </Alert>
      )}
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 9 }}>
          <Group justify="space-between" align="baseline" mb={4}>
            <Group gap="sm" align="baseline">
              <Title order={2} size="h4">
                {words.takes.title}
              </Title>
              <Text size="sm" c="dimmed">
                {words.takes.summary(done, wanted)}
                {known.protocol &&
                  ` · ${words.takes.protocol(known.protocol.protocol.title, known.protocol.number)}`}
              </Text>
            </Group>
            <Switch
              size="xs"
              label={words.takes.showVoid}
              checked={withVoid}
              onChange={(event) => setWithVoid(event.currentTarget.checked)}
            />
          </Group>
          {takes.data.items.length === 0 && (
            <Empty
              title={words.takes.noneTitle}
              text={words.takes.noneText}
              action={
                mayCapture && (
                  <Button component="a" href={capture}>
                    {words.capture}
                  </Button>
                )
              }
            />
          )}
          {known.measures.error && (
            <ProblemNotice error={known.measures.error} onRetry={() => known.measures.refetch()} />
          )}
          <TakeTable
            groups={groups}
            jobs={known.jobs}
            recordings={recordings.data}
            measures={known.measures.data ?? []}
            movements={known.movements}
            affected={episode?.affected_side ?? null}
            editable={editable}
            captureVisitId={mayCapture ? visit.id : null}
            rights={rights}
          />
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 3 }}>
          <Stack gap="lg">
            <SignPanel visit={visit} takes={takes.data.items} rights={rights} />
            <Section
              title={words.notes.title}
              action={
                mayWrite && (
                  <Button size="compact-sm" variant="subtle" onClick={() => setEditing(true)}>
                    {words.visitAct.edit}
                  </Button>
                )
              }
            >
              <Text
                size="sm"
                c={visit.notes ? undefined : "dimmed"}
                style={{ whiteSpace: "pre-wrap" }}
              >
                {visit.notes ?? words.notes.none}
              </Text>
            </Section>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 9 }}>
          <Recordings
            recordings={recordings.data}
            takes={takes.data.items}
            withVoid={withVoid}
            mayVoid={editable && rights.may("visit:void")}
          />
        </Grid.Col>
      </Grid>
      <VisitDialog
        opened={editing}
        patientId={patient.id}
        visit={visit}
        onClose={() => setEditing(false)}
      />
    </Page>
  );
}
