import { Alert, Button, Group, Text } from "@mantine/core";
import { useInterval } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api, type Schemas } from "../api/client";
import { formatDay } from "../kit/formats";
import { IconAlertTriangle, IconLock } from "../kit/icons";
import { notify } from "../kit/notify";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages";
import { useAction, useRefresh } from "./answers";
import { timeLeft } from "./opened";
import type { PatientRights } from "./reach";

/** What limits the record: emergency access, administration, withdrawn consent, out of use, merged. */
export function PatientNotices({
  patient,
  rights,
}: {
  patient: Schemas["PatientRead"];
  rights: PatientRights;
}) {
  const navigate = useNavigate();
  const refresh = useRefresh();
  const bringBack = useAction(async () => {
    await api.POST("/api/v1/patients/{patient_id}/unvoid", {
      params: { path: { patient_id: patient.id } },
    });
    await refresh();
    notify(t.patients.act.broughtBack);
  });
  return (
    <>
      {rights.openedUntil && <Remaining until={rights.openedUntil} />}
      {rights.reach === "administration" && (
        <Alert variant="light" color="gray" icon={<IconLock aria-hidden />}>
          <Group justify="space-between">
            <Text size="sm">{t.patients.administration.notice}</Text>
            {rights.may("patient:break_glass") && (
              <Button
                size="compact-sm"
                variant="default"
                onClick={() => navigate({ to: "/patients/emergency" })}
              >
                {t.patients.emergency.title}
              </Button>
            )}
          </Group>
        </Alert>
      )}
      {patient.care_consent === "withdrawn" && (
        <Alert
          variant="light"
          color="orange"
          icon={<IconAlertTriangle aria-hidden />}
          title={t.patients.withdrawn.title}
        >
          {t.patients.withdrawn.text}
        </Alert>
      )}
      {patient.merged_into_id && (
        <Alert variant="light" color="gray" title={t.patients.header.merged}>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() =>
              navigate({
                to: "/patients/$patientId",
                params: { patientId: patient.merged_into_id ?? "" },
              })
            }
          >
            {t.patients.header.toKept}
          </Button>
        </Alert>
      )}
      {patient.voided_at && (
        <Alert
          variant="light"
          color="gray"
          title={t.patients.header.voided(formatDay(patient.voided_at), patient.void_reason ?? "")}
        >
          <Group justify="space-between">
            <Text size="sm">{t.patients.header.outOfUse}</Text>
            {rights.may("patient:void") && (
              <Button
                size="compact-sm"
                variant="default"
                loading={bringBack.busy}
                onClick={() => bringBack.go()}
              >
                {t.patients.header.bringBack}
              </Button>
            )}
          </Group>
          {bringBack.error !== null && <ProblemNotice error={bringBack.error} />}
        </Alert>
      )}
    </>
  );
}

function Remaining({ until }: { until: string }) {
  const [now, setNow] = useState(Date.now());
  const clock = useInterval(() => setNow(Date.now()), 20_000);
  const refresh = useRefresh();
  const over = Date.parse(until) <= now;
  useEffect(() => {
    clock.start();
    return clock.stop;
  }, [clock.start, clock.stop]);
  useEffect(() => {
    // The service stops answering at that moment, so the page must not go on showing.
    if (over) refresh();
  }, [over, refresh]);
  const { hours, minutes } = timeLeft(until, now);
  return (
    <Alert variant="light" color="orange" icon={<IconLock aria-hidden />} role="status">
      {over
        ? t.patients.emergency.over
        : t.patients.emergency.banner(t.patients.emergency.left(hours, minutes))}
    </Alert>
  );
}
