import { Button, Group, Modal, Progress, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api } from "../api/client";
import { formatClock } from "../kit/formats";
import { notify } from "../kit/notify";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages";
import { useAction, useRefresh } from "../patients/answers";
import { FormFoot } from "../patients/FormFoot";
import { VerdictBadge } from "../takes/Verdict";
import { Reasons } from "./Reasons";
import type { Job, Recording, Stand, Take } from "./standing";

const words = t.visits;

/** What is known of a take's quality, what is going on, and what it waits for. */
export function TakeState({
  take,
  stand,
  job,
  recording,
  visible,
  mayWrite,
  mayStart,
  mayControl,
}: {
  take: Take;
  stand: Stand;
  job: Job | undefined;
  recording: Recording | undefined;
  visible: boolean;
  mayWrite: boolean;
  mayStart: boolean;
  mayControl: boolean;
}) {
  const verdict = take.analysis?.verdict ?? take.first_verdict;
  return (
    <Stack gap={4}>
      {verdict && visible && (
        <div>
          <Group gap={6}>
            <VerdictBadge verdict={verdict} />
            {!take.analysis && (
              <Text size="xs" c="dimmed">
                {words.takes.firstVerdict}
              </Text>
            )}
            {take.analysis && take.analysis.version_number > 1 && (
              <Text size="xs" c="dimmed">
                {words.takes.version(take.analysis.version_number)}
              </Text>
            )}
          </Group>
          <Reasons take={take} visible={visible} />
        </div>
      )}
      {stand === "working" && job && <Working job={job} mayControl={mayControl} />}
      {stand === "failed" && job && <Broken job={job} mayRetry={mayStart && mayControl} />}
      {stand === "waiting" && recording && <Waiting recording={recording} mayWrite={mayWrite} />}
      {stand === "idle" && <Idle take={take} mayStart={mayStart} />}
      {stand === "unmeasured" && (
        <Text size="xs" c="dimmed">
          {words.takes.notMeasured}
        </Text>
      )}
      {(stand === "planned" ||
        stand === "replaced" ||
        stand === "excluded" ||
        stand === "void") && (
        <Text size="xs">
          <b>{words.stands[stand]}</b>
          {stand === "excluded" && take.exclusion_reason && `: ${take.exclusion_reason}`}
          {stand === "void" && take.void_reason && `: ${take.void_reason}`}
        </Text>
      )}
    </Stack>
  );
}

function Working({ job, mayControl }: { job: Job; mayControl: boolean }) {
  const refresh = useRefresh();
  const cancel = useAction(async () => {
    await api.POST("/api/v1/jobs/{job_id}/cancel", { params: { path: { job_id: job.id } } });
    await refresh();
  });
  const stage = job.stage
    ? (words.stages[job.stage] ?? job.stage.replaceAll("_", " "))
    : words.queuedWords;
  return (
    <div role="status">
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text size="xs">
          {job.title}: {job.state === "queued" ? words.queuedWords : stage}
          {job.eta_s !== null && `, ${words.eta(formatClock(job.eta_s))}`}
        </Text>
        {mayControl && (
          <Button
            size="compact-xs"
            variant="subtle"
            flex="none"
            loading={cancel.busy || job.cancelling}
            aria-label={words.cancelJob}
            onClick={() => cancel.go()}
          >
            {t.app.cancel}
          </Button>
        )}
      </Group>
      <Progress size="xs" value={job.progress * 100} aria-label={job.title} />
      {cancel.error !== null && <ProblemNotice error={cancel.error} />}
    </div>
  );
}

function Broken({ job, mayRetry }: { job: Job; mayRetry: boolean }) {
  const refresh = useRefresh();
  const retry = useAction(async () => {
    await api.POST("/api/v1/jobs/{job_id}/retry", { params: { path: { job_id: job.id } } });
    await refresh();
  });
  return (
    <div>
      <Text size="xs">
        <b>
          {job.title}: {words.stands[job.state] ?? job.state}
        </b>
      </Text>
      {job.reason && <Text size="xs">{job.reason}</Text>}
      {job.next_step && (
        <Text size="xs" c="dimmed">
          {job.next_step}
        </Text>
      )}
      {mayRetry && (
        <Button size="compact-xs" variant="default" loading={retry.busy} onClick={() => retry.go()}>
          {words.retryJob}
        </Button>
      )}
      {retry.error !== null && <ProblemNotice error={retry.error} />}
    </div>
  );
}

function Waiting({ recording, mayWrite }: { recording: Recording; mayWrite: boolean }) {
  const refresh = useRefresh();
  const [asking, setAsking] = useState(false);
  const complete = useAction(async () => {
    await api.POST("/api/v1/recordings/{recording_id}/complete", {
      params: { path: { recording_id: recording.id } },
    });
    await refresh();
    setAsking(false);
    notify(words.act.started);
  });
  return (
    <div>
      <Text size="xs">
        {words.waitingFor(
          recording.missing_views.map((view) => t.clinical.views[view] ?? view).join(", "),
        )}
      </Text>
      {mayWrite && recording.views.length > 0 && (
        <Button size="compact-xs" variant="default" onClick={() => setAsking(true)}>
          {words.useWhatIsThere}
        </Button>
      )}
      <Modal opened={asking} onClose={() => setAsking(false)} title={words.useWhatIsThere}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            complete.go();
          }}
        >
          <Stack gap="sm">
            <Text size="sm">{words.useWhatIsThereText}</Text>
            <FormFoot
              error={complete.error}
              busy={complete.busy}
              action={words.useConfirm}
              onCancel={() => setAsking(false)}
            />
          </Stack>
        </form>
      </Modal>
    </div>
  );
}

function Idle({ take, mayStart }: { take: Take; mayStart: boolean }) {
  const refresh = useRefresh();
  const start = useAction(async () => {
    await api.POST("/api/v1/takes/{take_id}/analyses", { params: { path: { take_id: take.id } } });
    await refresh();
    notify(words.act.started);
  });
  return (
    <div>
      <Group gap="xs">
        <Text size="xs">{words.stands.idle}</Text>
        {mayStart && (
          <Button
            size="compact-xs"
            variant="default"
            loading={start.busy}
            onClick={() => start.go()}
          >
            {words.act.analyse}
          </Button>
        )}
      </Group>
      {start.error !== null && <ProblemNotice error={start.error} />}
    </div>
  );
}
