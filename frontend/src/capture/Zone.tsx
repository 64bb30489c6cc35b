// One place for a file of one camera: choose, drop, send, pause, go on.

import { ActionIcon, Button, FileButton, Group, Progress, Stack, Text } from "@mantine/core";
import { type DragEvent, useState, useSyncExternalStore } from "react";
import { formatBytes, formatClock } from "../kit/formats";
import { IconX } from "../kit/icons";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages/all";
import type { Sending, View } from "./sending";
import classes from "./Zone.module.css";

export function Zone({
  view,
  file,
  sending,
  arrived,
  onFile,
}: {
  view: View;
  file: File | null;
  sending: Sending | null;
  /** The service has this view already. */
  arrived: boolean;
  onFile: (file: File | null) => void;
}) {
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const [dropped] = event.dataTransfer.files;
    const free = !sending || sending.snapshot().status === "refused";
    if (dropped && free && !arrived) onFile(dropped);
  };
  return (
    <Stack
      gap={6}
      className={classes.zone}
      data-over={over || undefined}
      data-testid={`zone-${view}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <Text size="sm" fw={600} className={classes.title}>
        {t.clinical.views[view]}
      </Text>
      {arrived ? (
        <Text size="sm">{t.capture.status.accepted}</Text>
      ) : sending ? (
        <SendingRow sending={sending} view={view} onFile={onFile} />
      ) : file ? (
        <Group justify="space-between" wrap="nowrap">
          <Text size="sm" truncate>
            {file.name} · {formatBytes(file.size)}
          </Text>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`${t.capture.remove}: ${t.clinical.views[view]}`}
            onClick={() => onFile(null)}
          >
            <IconX size={16} aria-hidden />
          </ActionIcon>
        </Group>
      ) : (
        <Choose view={view} onFile={onFile} />
      )}
    </Stack>
  );
}

function Choose({ view, onFile }: { view: View; onFile: (file: File | null) => void }) {
  return (
    <Group gap="xs">
      <FileButton accept="video/*,image/*,.mkv,.avi,.mov,.webm" onChange={onFile}>
        {(props) => (
          <Button
            {...props}
            variant="default"
            size="xs"
            aria-label={`${t.capture.choose}: ${t.clinical.views[view]}`}
          >
            {t.capture.choose}
          </Button>
        )}
      </FileButton>
      <Text size="xs" c="dimmed">
        {t.capture.drop}
      </Text>
    </Group>
  );
}

function SendingRow({
  sending,
  view,
  onFile,
}: {
  sending: Sending;
  view: View;
  onFile: (file: File | null) => void;
}) {
  const { status, sentBytes, totalBytes, bytesPerSecond, error } = useSyncExternalStore(
    sending.subscribe,
    sending.snapshot,
  );
  const share = totalBytes > 0 ? (100 * sentBytes) / totalBytes : 0;
  return (
    <Stack gap={4}>
      <Progress
        value={status === "accepted" ? 100 : share}
        aria-label={t.capture.status[status]}
        size="sm"
        animated={status === "sending"}
      />
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text size="xs" className="numbers" role="status">
          {t.capture.status[status]} ·{" "}
          {t.capture.sent(formatBytes(sentBytes), formatBytes(totalBytes))}
          {bytesPerSecond !== null && bytesPerSecond > 0 && status === "sending" && (
            <>
              {" · "}
              {t.capture.speed(
                formatBytes(bytesPerSecond),
                formatClock((totalBytes - sentBytes) / bytesPerSecond),
              )}
            </>
          )}
        </Text>
        {status === "sending" && (
          <Button size="compact-xs" variant="default" onClick={() => sending.pause()}>
            {t.capture.pause}
          </Button>
        )}
        {(status === "paused" || status === "broken" || status === "waiting") && (
          <Button size="compact-xs" variant="default" onClick={() => sending.start()}>
            {status === "broken" ? t.capture.retry : t.capture.resume}
          </Button>
        )}
      </Group>
      {error && <ProblemNotice error={error} />}
      {/* Its bytes are never taken, so another file is needed. */}
      {status === "refused" && <Choose view={view} onFile={onFile} />}
    </Stack>
  );
}
