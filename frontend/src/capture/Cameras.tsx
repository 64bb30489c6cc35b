// The way in by cameras of this machine: choose, see hints, record, look, use or discard.

import {
  Alert,
  Box,
  Button,
  Group,
  NativeSelect,
  SimpleGrid,
  Stack,
  Switch,
  Text,
} from "@mantine/core";
import { useCallback, useEffect, useRef, useState } from "react";
import type { Schemas } from "../api/client";
import { useLeaveWarning } from "../kit/draft";
import { formatClock } from "../kit/formats";
import { ProblemNotice } from "../kit/Problem";
import { useShortcuts } from "../kit/shortcuts";
import { t } from "../messages/all";
import { begin, sendKept, VIEWS } from "./batch";
import classes from "./Cameras.module.css";
import { forget, type Kept, keep, kept } from "./kept";
import { openCamera, Recorder } from "./recorder";
import type { Sending, View } from "./sending";
import { useHints } from "./useHints";

type Chosen = Partial<Record<View, string>>;
type Streams = Partial<Record<View, MediaStream>>;

const REMEMBERED = "sfpfr-cameras";
const COUNTDOWN_S = 3;

function remembered(): Chosen {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED) ?? "{}") as Chosen;
  } catch {
    return {};
  }
}

export function Cameras({
  visitId,
  movement,
  replaces,
  onBegun,
}: {
  visitId: string;
  movement: Schemas["ProtocolMovement"];
  replaces?: string;
  onBegun: (recordingId: string, sendings: Partial<Record<View, Sending>>) => void;
}) {
  const [film, setFilm] = useState<Kept | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    kept(visitId, movement.id).then(
      // One that is on its way already is not sent twice.
      (found) => setFilm(found?.recordingId ? null : found),
      () => setFilm(null),
    );
  }, [visitId, movement.id]);
  useLeaveWarning(film !== null);
  const send = async () => {
    if (!film) return;
    setBusy(true);
    setError(null);
    try {
      const views = VIEWS.filter((view) => film.films[view]);
      const { recordingId } = await begin(visitId, movement.id, views, {
        replaces,
        device: "Browser",
        offsetsS: views.length > 1 ? film.offsetsS : {},
      });
      await keep({ ...film, recordingId }).catch(() => undefined);
      const sendings = sendKept({ ...film, recordingId }, recordingId);
      onBegun(recordingId, sendings);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const discard = async () => {
    await forget(visitId, movement.id);
    setFilm(null);
  };
  if (!window.isSecureContext || !navigator.mediaDevices) {
    return <Alert color="orange">{t.capture.cameras.insecure}</Alert>;
  }
  if (film) {
    return (
      <Stack>
        <Text size="sm">{t.capture.cameras.review}</Text>
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          {VIEWS.filter((view) => film.films[view]).map((view) => (
            <Film key={view} view={view} film={film.films[view] as Blob} />
          ))}
        </SimpleGrid>
        {error !== null && <ProblemNotice error={error} onRetry={send} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={discard}>
            {t.capture.cameras.retake}
          </Button>
          <Button onClick={send} loading={busy}>
            {t.capture.cameras.sendThese}
          </Button>
        </Group>
      </Stack>
    );
  }
  return (
    <Recording
      movement={movement}
      onRecorded={async (recorded) => {
        const made = {
          visitId,
          movement: movement.id,
          recordedAt: new Date().toISOString(),
          ...recorded,
        };
        // What can't be kept (a full disk) can be sent all the same.
        await keep(made).catch(() => undefined);
        setFilm(made);
      }}
    />
  );
}

/** A film that was just recorded. */
function Film({ view, film }: { view: View; film: Blob }) {
  const [href, setHref] = useState<string>();
  useEffect(() => {
    const url = URL.createObjectURL(film);
    setHref(url);
    return () => URL.revokeObjectURL(url);
  }, [film]);
  return (
    <Stack gap={4}>
      <Text size="sm" fw={600}>
        {t.clinical.views[view]}
      </Text>
      {/* biome-ignore lint/a11y/useMediaCaption: nobody speaks in it */}
      <video src={href} controls className={classes.video} aria-label={t.clinical.views[view]} />
    </Stack>
  );
}

function Recording({
  movement,
  onRecorded,
}: {
  movement: Schemas["ProtocolMovement"];
  onRecorded: (recorded: Awaited<ReturnType<Recorder["stop"]>>) => void;
}) {
  const [devices, setDevices] = useState<MediaDeviceInfo[] | null>(null);
  const [chosen, setChosen] = useState<Chosen>(remembered);
  const [streams, setStreams] = useState<Streams>({});
  const [sound, setSound] = useState(true);
  const [error, setError] = useState<string | null>(null);
  const [phase, setPhase] = useState<"idle" | "countdown" | "recording">("idle");
  const [sinceS, setSinceS] = useState(0);
  const recorder = useRef<Recorder | null>(null);
  const videos = useRef<Partial<Record<View, HTMLVideoElement | null>>>({});

  const allow = useCallback(async () => {
    setError(null);
    try {
      // Names of cameras are told only after one was allowed.
      const first = await navigator.mediaDevices.getUserMedia({ video: true });
      for (const track of first.getTracks()) track.stop();
      const found = (await navigator.mediaDevices.enumerateDevices()).filter(
        (device) => device.kind === "videoinput",
      );
      setDevices(found);
      setChosen((before) => {
        const known = Object.fromEntries(
          Object.entries(before).filter(([, id]) => found.some((one) => one.deviceId === id)),
        ) as Chosen;
        if (Object.keys(known).length > 0 || !found[0]) return known;
        return { center: found[0].deviceId };
      });
    } catch {
      setError("refused");
    }
  }, []);

  // Streams follow the choice.
  useEffect(() => {
    if (!devices) return;
    let left = false;
    const opened: MediaStream[] = [];
    const open = async () => {
      const next: Streams = {};
      for (const view of VIEWS) {
        const id = chosen[view];
        if (!id) continue;
        const stream = await openCamera(id, sound).catch(() => openCamera(id, false));
        opened.push(stream);
        next[view] = stream;
      }
      if (left) stopAll(opened);
      else setStreams(next);
    };
    open().catch(() => setError("refused"));
    localStorage.setItem(REMEMBERED, JSON.stringify(chosen));
    return () => {
      left = true;
      stopAll(opened);
      setStreams({});
    };
  }, [devices, chosen, sound]);

  const hints = useHints(videos, phase !== "countdown" && Object.keys(streams).length > 0);
  const start = useCallback(async () => {
    setPhase("countdown");
    for (let left = COUNTDOWN_S; left > 0; left--) {
      setSinceS(-left);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    try {
      recorder.current = await Recorder.start(streams);
      setSinceS(0);
      setPhase("recording");
    } catch {
      setPhase("idle");
      setError("refused");
    }
  }, [streams]);
  const stop = useCallback(async () => {
    const made = await recorder.current?.stop();
    recorder.current = null;
    setPhase("idle");
    // Sound tells the offsets better than the moments at which the recorders say they began.
    const heard = Object.values(streams).every((one) => one.getAudioTracks().length > 0);
    if (made) onRecorded({ ...made, offsetsS: heard ? {} : made.offsetsS });
  }, [onRecorded, streams]);
  useEffect(() => {
    if (phase !== "recording") return;
    const begun = performance.now();
    const timer = setInterval(() => setSinceS((performance.now() - begun) / 1000), 200);
    return () => clearInterval(timer);
  }, [phase]);
  const ready = Object.keys(streams).length > 0;
  useShortcuts(t.capture.cameras.shortcuts, [
    {
      keys: "Space",
      label: t.capture.cameras.toggle,
      run: () => {
        if (phase === "recording") stop();
        else if (phase === "idle" && ready) start();
      },
    },
  ]);
  useLeaveWarning(phase === "recording");
  if (!devices) {
    return (
      <Stack align="flex-start">
        <Text size="sm">{t.capture.cameras.allowText}</Text>
        {error && <Refused />}
        <Button onClick={allow}>{t.capture.cameras.allow}</Button>
      </Stack>
    );
  }
  if (devices.length === 0) return <Alert color="orange">{t.capture.cameras.none}</Alert>;
  const options = [
    { value: "", label: t.capture.cameras.notUsed },
    ...devices.map((device, i) => ({
      value: device.deviceId,
      label: device.label || `${t.capture.cameras.device} ${i + 1}`,
    })),
  ];
  return (
    <Stack>
      {error && <Refused />}
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        {VIEWS.map((view) => (
          <Stack key={view} gap={6}>
            <NativeSelect
              label={t.clinical.views[view]}
              data={options}
              value={chosen[view] ?? ""}
              disabled={phase !== "idle"}
              onChange={(event) => {
                const id = event.currentTarget.value;
                setChosen({ ...chosen, [view]: id || undefined });
              }}
            />
            {streams[view] && (
              <Preview
                stream={streams[view]}
                label={t.clinical.views[view] ?? view}
                hint={t.capture.cameras.hint[hints[view] ?? "loading"] ?? ""}
                good={hints[view] === "good"}
                onElement={(element) => {
                  videos.current[view] = element;
                }}
              />
            )}
          </Stack>
        ))}
      </SimpleGrid>
      <Group justify="space-between">
        <Switch
          label={t.capture.cameras.sound}
          checked={sound}
          disabled={phase !== "idle"}
          onChange={(event) => setSound(event.currentTarget.checked)}
        />
        <Group>
          {phase === "countdown" && (
            <Text fw={600} role="status">
              {t.capture.cameras.countdown(-sinceS)}
            </Text>
          )}
          {phase === "recording" && (
            <Text fw={600} role="status" className="numbers">
              {t.capture.cameras.prompts[promptAt(sinceS, movement)]} ·{" "}
              {t.capture.cameras.recording(formatClock(sinceS))}
            </Text>
          )}
          {phase === "recording" ? (
            <Button color="orange" onClick={stop}>
              {t.capture.cameras.stop}
            </Button>
          ) : (
            <Button onClick={start} disabled={!ready || phase === "countdown"}>
              {t.capture.cameras.start}
            </Button>
          )}
        </Group>
      </Group>
    </Stack>
  );
}

/** What the patient is asked to do at a moment: rest, movement, rest, again and again. */
export function promptAt(
  sinceS: number,
  movement: Pick<
    Schemas["ProtocolMovement"],
    "rest_before_s" | "movement_s" | "rest_after_s" | "repetitions"
  >,
): "rest" | "move" | "relax" {
  const { rest_before_s: before, movement_s: moving, rest_after_s: after, repetitions } = movement;
  const round = before + moving + after;
  if (round <= 0 || sinceS >= round * repetitions) return "relax";
  const within = sinceS % round;
  if (within < before) return "rest";
  return within < before + moving ? "move" : "relax";
}

function Preview({
  stream,
  label,
  hint,
  good,
  onElement,
}: {
  stream: MediaStream;
  label: string;
  hint: string;
  good: boolean;
  onElement: (element: HTMLVideoElement | null) => void;
}) {
  const element = useRef<HTMLVideoElement | null>(null);
  useEffect(() => {
    if (element.current) element.current.srcObject = stream;
  }, [stream]);
  return (
    <Box className={classes.preview}>
      <video
        ref={(found) => {
          element.current = found;
          onElement(found);
        }}
        className={classes.video}
        autoPlay
        muted
        playsInline
        aria-label={label}
      />
      <span className={classes.level} aria-hidden />
      <Text size="xs" className={classes.hint} data-good={good || undefined} role="status">
        {hint}
      </Text>
    </Box>
  );
}

function Refused() {
  return (
    <Alert color="orange" title={t.capture.cameras.refused}>
      {t.capture.cameras.refusedNext}
    </Alert>
  );
}

function stopAll(streams: MediaStream[]): void {
  for (const stream of streams) for (const track of stream.getTracks()) track.stop();
}
