import {
  Alert,
  Anchor,
  Box,
  Button,
  Card,
  Grid,
  Group,
  NavLink,
  Progress,
  Stack,
  Tabs,
  Text,
} from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { query, type Schemas } from "../api/client";
import { type Job, jobWords, useJobs } from "../jobs";
import { formatClock, formatDay } from "../kit/formats";
import { IconArrowLeft } from "../kit/icons";
import { Page } from "../kit/Page";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { t } from "../messages/all";
import { useMay } from "../session/session";
import { sendKept } from "./batch";
import { ArrivingFiles, NewFiles } from "./Files";
import { kept } from "./kept";
import { Outcome } from "./Outcome";
import type { CaptureSearch } from "./routes";
import type { Sending, View } from "./sending";
import { type MovementState, stateOf, workOn } from "./states";

const Cameras = lazy(() => import("./Cameras").then((module) => ({ default: module.Cameras })));

const Whole = lazy(() => import("./Whole").then((module) => ({ default: module.Whole })));

type Take = Schemas["TakeRead"];
type Movement = Schemas["ProtocolMovement"];
type Sendings = Partial<Record<View, Sending>>;

const LOOKED = ["verdict", "published", "succeeded", "failed"];
// Events tell when to look; this is for a stream that is lost.
const LOOK_AGAIN_MS = 5_000;

/** Leads through the protocol of a visit: record or send each movement, see whether it is good. */
export function CapturePage() {
  const { visitId } = useParams({ from: "/signed-in/visits/$visitId/capture" });
  const visit = query.useQuery("get", "/api/v1/visits/{visit_id}", {
    params: { path: { visit_id: visitId } },
  });
  const patient = query.useQuery(
    "get",
    "/api/v1/patients/{patient_id}",
    { params: { path: { patient_id: visit.data?.patient_id ?? "" } } },
    { enabled: visit.data !== undefined },
  );
  const protocol = query.useQuery("get", "/api/v1/protocol");
  const takes = query.useQuery(
    "get",
    "/api/v1/visits/{visit_id}/takes",
    { params: { path: { visit_id: visitId }, query: { limit: 200 } } },
    { refetchInterval: LOOK_AGAIN_MS },
  );
  const client = useQueryClient();
  const may = useMay();
  const { jobs } = useJobs(
    { visit_id: visitId },
    {
      enabled: may("job:read"),
      onHappening: ({ kind }) => {
        takes.refetch();
        if (LOOKED.includes(kind)) {
          client.invalidateQueries({ queryKey: ["get", "/api/v1/takes/{take_id}"] });
          client.invalidateQueries({ queryKey: ["get", "/api/v1/recordings/{recording_id}"] });
        }
      },
    },
  );
  const error = visit.error ?? patient.error ?? protocol.error ?? takes.error;
  return (
    <Page
      title={t.capture.title}
      subtitle={
        // Whole loads in and out: this page has a policy of its own.
        <Anchor href={`/visits/${visitId}`} size="sm">
          <Group gap={4} component="span">
            <IconArrowLeft size={14} aria-hidden />
            {t.capture.toVisit}
            {patient.data && visit.data
              ? ` · ${patient.data.pseudonym} · ${formatDay(visit.data.visited_on)}`
              : ""}
          </Group>
        </Anchor>
      }
    >
      {error ? (
        <ProblemNotice error={error} onRetry={() => window.location.reload()} />
      ) : !visit.data || !patient.data || !protocol.data || !takes.data ? (
        <Loading />
      ) : patient.data.care_consent !== "granted" ? (
        <Alert color="orange" title={t.capture.noConsent}>
          <Text size="sm">{t.capture.noConsentNext}</Text>
          <Anchor href={`/patients/${visit.data.patient_id}?tab=consents`}>
            {t.capture.toConsents}
          </Anchor>
        </Alert>
      ) : visit.data.state === "signed" ? (
        <Alert color="orange" title={t.capture.signed}>
          <Text size="sm">{t.capture.signedNext}</Text>
        </Alert>
      ) : (
        <Guided
          visitId={visitId}
          movements={protocol.data.protocol.movements}
          takes={takes.data.items}
          jobs={jobs}
        />
      )}
    </Page>
  );
}

function Guided({
  visitId,
  movements,
  takes,
  jobs,
}: {
  visitId: string;
  movements: Movement[];
  takes: Take[];
  jobs: Job[];
}) {
  const search = useSearch({ from: "/signed-in/visits/$visitId/capture" });
  const navigate = useNavigate();
  const newest = (movement: string) =>
    takes
      .filter((take) => take.movement === movement && !take.voided_at && !take.replaced_by_id)
      .at(-1);
  const firstOpen = movements.find((one) => !one.optional && !newest(one.id)) ?? movements[0];
  const movement = movements.find((one) => one.id === search.movement) ?? firstOpen;
  if (!movement) return null;
  const go = (next: CaptureSearch) =>
    navigate({
      to: "/visits/$visitId/capture",
      params: { visitId },
      search: next,
      resetScroll: false,
    });
  const index = movements.indexOf(movement);
  const following = movements.slice(index + 1).find((one) => !newest(one.id));
  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, md: 3 }}>
        <Stack gap={2} component="nav" aria-label={t.capture.protocol}>
          {movements.map((one) => (
            <MovementLink
              key={one.id}
              movement={one}
              state={stateOf(newest(one.id), jobs)}
              job={workOn(newest(one.id), jobs)}
              active={!search.whole && one.id === movement.id}
              onGo={() => go({ movement: one.id })}
            />
          ))}
          <NavLink
            component="button"
            mt="sm"
            active={search.whole === true}
            label={t.capture.whole.link}
            description={t.capture.whole.linkText}
            onClick={() => go({ whole: true })}
          />
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 9 }}>
        {search.whole ? (
          <Suspense fallback={<Loading />}>
            <Whole
              visitId={visitId}
              movements={movements}
              takes={takes}
              recordingId={search.recording}
              onRecording={(recording) => go({ whole: true, recording })}
              onDone={() => go({})}
            />
          </Suspense>
        ) : (
          <OneMovement
            key={movement.id}
            visitId={visitId}
            movement={movement}
            take={newest(movement.id) ?? null}
            replaces={search.replaces}
            onGo={go}
            onNext={following ? () => go({ movement: following.id }) : null}
          />
        )}
      </Grid.Col>
    </Grid>
  );
}

function MovementLink({
  movement,
  state,
  job,
  active,
  onGo,
}: {
  movement: Movement;
  state: MovementState;
  job: Job | null;
  active: boolean;
  onGo: () => void;
}) {
  return (
    <NavLink
      component="button"
      py={3}
      active={active}
      aria-current={active ? "step" : undefined}
      label={movement.title}
      description={
        <>
          {job ? jobWords(job) : t.capture.movementState[state]}
          {job && job.eta_s !== null && `, ${t.jobs.eta(formatClock(job.eta_s))}`}
          {movement.optional && ` · ${t.capture.optional}`}
          {job?.state === "running" && (
            <Progress
              component="span"
              display="block"
              size={3}
              mt={3}
              value={100 * job.progress}
              aria-label={job.title}
            />
          )}
        </>
      }
      onClick={onGo}
    />
  );
}

function OneMovement({
  visitId,
  movement,
  take,
  replaces,
  onGo,
  onNext,
}: {
  visitId: string;
  movement: Movement;
  take: Take | null;
  replaces?: string;
  onGo: (search: CaptureSearch) => void;
  onNext: (() => void) | null;
}) {
  const client = useQueryClient();
  const [begun, setBegun] = useState<{ recordingId: string; sendings: Sendings } | null>(null);
  const started = (recordingId: string, sendings: Sendings) => {
    setBegun({ recordingId, sendings });
    client.invalidateQueries();
    // The place stays the same once the take is there; a replaced take is not replaced again.
    onGo({ movement: movement.id });
  };
  // A recording of this browser whose sending a reload cut off goes on by itself.
  const takeRecording = take?.recording_id;
  const hasBegun = useRef(false);
  hasBegun.current = begun !== null;
  useEffect(() => {
    if (!takeRecording) return;
    let left = false;
    const goOn = async () => {
      const film = await kept(visitId, movement.id).catch(() => null);
      if (left || hasBegun.current || film?.recordingId !== takeRecording) return;
      setBegun({ recordingId: takeRecording, sendings: sendKept(film, takeRecording) });
    };
    goOn();
    return () => {
      left = true;
    };
  }, [visitId, movement.id, takeRecording]);
  const fresh = replaces !== undefined || take === null;
  const recordingId = begun?.recordingId ?? (fresh ? null : take?.recording_id);
  return (
    <Stack>
      <Card withBorder padding="md">
        <Group align="flex-start" wrap="nowrap" gap="lg">
          <Hint movement={movement} />
          <Box>
            <Text fw={600} size="lg" component="h2" m={0}>
              {movement.title}
            </Text>
            <Text>{movement.instruction}</Text>
            <Text size="sm" c="dimmed">
              {t.capture.timing(
                movement.rest_before_s,
                movement.movement_s,
                movement.rest_after_s,
                movement.repetitions,
              )}
            </Text>
          </Box>
        </Group>
      </Card>
      {recordingId && (
        <ArrivingFiles
          key={`${recordingId}-${begun ? "here" : "away"}`}
          recordingId={recordingId}
          sendings={begun?.sendings ?? {}}
        />
      )}
      {fresh && !begun ? (
        <Tabs defaultValue="upload" keepMounted={false}>
          <Tabs.List mb="sm">
            <Tabs.Tab value="upload">{t.capture.ways.upload}</Tabs.Tab>
            <Tabs.Tab value="record">{t.capture.ways.record}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="upload">
            <NewFiles
              visitId={visitId}
              movement={movement.id}
              replaces={replaces}
              onBegun={started}
            />
          </Tabs.Panel>
          <Tabs.Panel value="record">
            <Suspense fallback={<Loading />}>
              <Cameras
                visitId={visitId}
                movement={movement}
                replaces={replaces}
                onBegun={started}
              />
            </Suspense>
          </Tabs.Panel>
        </Tabs>
      ) : (
        take && (
          <Outcome
            takeId={take.id}
            onAgain={() => {
              setBegun(null);
              onGo({ movement: movement.id, replaces: take.id });
            }}
            onNext={onNext}
          />
        )
      )}
      {replaces && !begun && (
        <Group>
          <Button variant="subtle" onClick={() => onGo({ movement: movement.id })}>
            {t.app.cancel}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

/** A short film of the head doing the movement; where less motion is wanted, it stands still. */
function Hint({ movement }: { movement: Movement }) {
  const name = movement.measured_as ?? movement.id;
  const href = HINTS[`./hints/${name}.mp4`];
  if (!href) return null;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  return (
    <video
      src={still ? `${href}#t=1.5` : href}
      width={160}
      height={160}
      muted
      playsInline
      loop
      autoPlay={!still}
      controls={still}
      aria-label={t.capture.instruction}
    />
  );
}

const HINTS = import.meta.glob<string>("./hints/*.mp4", {
  eager: true,
  query: "?url",
  import: "default",
});
