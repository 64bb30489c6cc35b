import { Popover, Stack, Text, UnstyledButton } from "@mantine/core";
import { useState } from "react";
import { query } from "../api/client";
import { t } from "../messages";
import { reasonsOf, type Take } from "./standing";
import styles from "./takes.module.css";

type Checks = Parameters<typeof reasonsOf>[0];

/** Why quality control says what it says: the worst reason at once, all of them on request. */
export function Reasons({ take, visible }: { take: Take; visible: boolean }) {
  const [open, setOpen] = useState(false);
  // An analysis never changes, so it is asked for once.
  const analysis = query.useQuery(
    "get",
    "/api/v1/analyses/{analysis_id}",
    { params: { path: { analysis_id: take.analysis?.id ?? "" } } },
    { enabled: visible && take.analysis !== null, staleTime: Number.POSITIVE_INFINITY },
  );
  const checks = take.analysis
    ? analysis.data?.qc.checks
    : (take.first_qc?.checks as Checks | undefined);
  const reasons = reasonsOf(checks);
  const [worst, ...others] = reasons;
  if (!worst) return null;
  return (
    <div className={styles.reasons}>
      {worst.reason}{" "}
      <Text span inherit c="dimmed">
        {worst.next_step}
      </Text>
      {others.length > 0 && (
        <Popover opened={open} onChange={setOpen} width={380} position="bottom-start" trapFocus>
          <Popover.Target>
            <UnstyledButton
              fz={12}
              td="underline"
              display="block"
              onClick={() => setOpen(!open)}
              aria-expanded={open}
            >
              {t.visits.takes.moreReasons(others.length)}
            </UnstyledButton>
          </Popover.Target>
          <Popover.Dropdown>
            <Stack gap="xs" tabIndex={-1} data-autofocus>
              {reasons.map((check) => (
                <div key={check.reason}>
                  <Text size="sm">{check.reason}</Text>
                  <Text size="xs" c="dimmed">
                    {check.view ? `${t.clinical.views[check.view]}. ` : ""}
                    {check.next_step}
                  </Text>
                </div>
              ))}
            </Stack>
          </Popover.Dropdown>
        </Popover>
      )}
    </div>
  );
}
