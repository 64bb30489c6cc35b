import { Alert, Button, Checkbox, Group, List, Modal, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, ProblemError, query, type Schemas } from "../api/client";
import { formatInstant } from "../kit/formats";
import { notify } from "../kit/notify";
import { ProblemNotice } from "../kit/Problem";
import { ReasonDialog } from "../kit/Reason";
import { t } from "../messages";
import { useAction, useRefresh } from "../patients/answers";
import { useColleagues } from "../patients/colleagues";
import { FormFoot } from "../patients/FormFoot";
import type { PatientRights } from "../patients/reach";
import { Section } from "../patients/Section";
import { VerdictBadge } from "../takes/Verdict";
import type { Take } from "./standing";

const words = t.visits.sign;

/** Whether the visit can be signed, what stands against it, who signed what and when. */
export function SignPanel({
  visit,
  takes,
  rights,
}: {
  visit: Schemas["VisitRead"];
  takes: Take[];
  rights: PatientRights;
}) {
  const refresh = useRefresh();
  const nameOf = useColleagues();
  const [doing, setDoing] = useState<"sign" | "amend" | null>(null);
  const path = { params: { path: { visit_id: visit.id } } };
  const open = visit.voided_at === null && (visit.state === "open" || visit.state === "amending");
  const signs = rights.shows("review:read") && rights.may("visit:sign");
  const readiness = query.useQuery("get", "/api/v1/visits/{visit_id}/readiness", path, {
    enabled: open && signs,
    staleTime: 0,
  });
  const signatures = query.useQuery("get", "/api/v1/visits/{visit_id}/signatures", path);
  const [newest] = signatures.data ?? [];
  const numberOf = (takeId: string | null) => takes.find((take) => take.id === takeId);
  return (
    <Section title={words.title}>
      {open && (
        <Text size="sm">
          {visit.state === "amending" && newest?.reason
            ? words.amending(newest.reason)
            : words.open}
        </Text>
      )}
      {open && !signs && (
        <Text size="sm" c="dimmed">
          {words.clinicianSigns}
        </Text>
      )}
      {readiness.error && open && (
        <ProblemNotice error={readiness.error} onRetry={() => readiness.refetch()} />
      )}
      {open && signs && readiness.data && readiness.data.obstacles.length > 0 && (
        <Alert variant="light" color="gray" title={words.notReady} data-testid="obstacles">
          <List size="sm" spacing={2}>
            {readiness.data.obstacles.map((obstacle) => {
              const take = numberOf(obstacle.take_id);
              return (
                <List.Item key={`${obstacle.kind} ${obstacle.take_id}`}>
                  {take && (
                    <>
                      <Link to="/takes/$takeId" params={{ takeId: take.id }}>
                        {t.visits.takes.number(take.number)}
                      </Link>
                      {": "}
                    </>
                  )}
                  {words.obstacles[obstacle.kind]}
                </List.Item>
              );
            })}
          </List>
        </Alert>
      )}
      {open && signs && readiness.data && (
        <Button
          w="fit-content"
          disabled={readiness.data.obstacles.length > 0 || readiness.data.analyses.length === 0}
          onClick={() => setDoing("sign")}
        >
          {words.sign}
        </Button>
      )}
      {visit.state === "signed" && visit.voided_at === null && rights.may("visit:sign") && (
        <Button w="fit-content" variant="default" onClick={() => setDoing("amend")}>
          {words.amend}
        </Button>
      )}
      {signatures.error && (
        <ProblemNotice error={signatures.error} onRetry={() => signatures.refetch()} />
      )}
      {signatures.data?.length === 0 && !open && (
        <Text size="sm" c="dimmed">
          {words.none}
        </Text>
      )}
      {signatures.data?.map((signature) => (
        <div key={signature.id}>
          <Text size="sm" fw={600}>
            {words.kinds[signature.kind]}
            {signature.analyses.length > 0 && `, ${words.covers(signature.analyses.length)}`}
          </Text>
          <Text size="xs" c="dimmed">
            {words.by(nameOf(signature.signed_by_id), formatInstant(signature.signed_at))}
          </Text>
          {signature.reason && <Text size="sm">{signature.reason}</Text>}
        </div>
      ))}
      {doing === "sign" && readiness.data && (
        <SignDialog
          visitId={visit.id}
          analyses={readiness.data.analyses}
          onClose={() => setDoing(null)}
        />
      )}
      <ReasonDialog
        title={words.amendTitle}
        text={words.amendText}
        action={words.amend}
        opened={doing === "amend"}
        onClose={() => setDoing(null)}
        onConfirm={async (reason) => {
          await api.POST("/api/v1/visits/{visit_id}/amend", { ...path, body: { reason } });
          await refresh();
          notify(words.amended);
        }}
      />
    </Section>
  );
}

function SignDialog({
  visitId,
  analyses,
  onClose,
}: {
  visitId: string;
  analyses: Schemas["SignableAnalysis"][];
  onClose: () => void;
}) {
  const refresh = useRefresh();
  const [looked, setLooked] = useState<string[]>([]);
  const all = analyses.every((analysis) => looked.includes(analysis.id));
  const sign = useAction(async () => {
    try {
      await api.POST("/api/v1/visits/{visit_id}/sign", {
        params: { path: { visit_id: visitId } },
        body: { analysis_ids: analyses.map((analysis) => analysis.id) },
      });
    } catch (problem) {
      // The list below follows the newest results, which have to be looked at first.
      if (problem instanceof ProblemError && problem.code === "results_changed") await refresh();
      throw problem;
    }
    await refresh();
    notify(words.signed);
    onClose();
  });
  return (
    <Modal opened onClose={onClose} size="lg" title={words.signTitle}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (all) sign.go();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{words.signText}</Text>
          {analyses.map((analysis) => {
            const label = words.looked(
              t.clinical.movements[analysis.movement] ?? analysis.movement,
              analysis.version_number,
            );
            return (
              <Group key={analysis.id} justify="space-between" wrap="nowrap">
                <Checkbox
                  label={label}
                  checked={looked.includes(analysis.id)}
                  onChange={(event) =>
                    setLooked(
                      event.currentTarget.checked
                        ? [...looked, analysis.id]
                        : looked.filter((id) => id !== analysis.id),
                    )
                  }
                />
                <Group gap="xs" wrap="nowrap">
                  <VerdictBadge verdict={analysis.verdict} />
                  <Link
                    to="/takes/$takeId"
                    params={{ takeId: analysis.take_id }}
                    target="_blank"
                    aria-label={`${words.openTake}: ${label}`}
                  >
                    <Text size="sm">{words.openTake}</Text>
                  </Link>
                </Group>
              </Group>
            );
          })}
          <FormFoot
            error={sign.error}
            busy={sign.busy}
            action={words.doSign}
            disabled={!all}
            onCancel={onClose}
          />
        </Stack>
      </form>
    </Modal>
  );
}
