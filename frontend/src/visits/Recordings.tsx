import { ActionIcon, Menu, Table, Text } from "@mantine/core";
import { useState } from "react";
import { api } from "../api/client";
import { formatClock, formatInstant, formatNumber } from "../kit/formats";
import { IconDots } from "../kit/icons";
import { notify } from "../kit/notify";
import { ReasonDialog } from "../kit/Reason";
import { tell } from "../kit/tell";
import { notifyUndo } from "../kit/undo";
import { t } from "../messages";
import { useRefresh } from "../patients/answers";
import { Section } from "../patients/Section";
import type { Recording, Take } from "./standing";
import styles from "./takes.module.css";

const words = t.visits.recordings;

/** The recordings of a visit with the files of their cameras. */
export function Recordings({
  recordings,
  takes,
  withVoid,
  mayVoid,
}: {
  recordings: Recording[];
  takes: Take[];
  withVoid: boolean;
  mayVoid: boolean;
}) {
  const shown = recordings.filter((one) => withVoid || one.voided_at === null);
  if (shown.length === 0) return null;
  return (
    <Section title={words.title}>
      <Table.ScrollContainer minWidth={640}>
        <Table aria-label={words.title}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={152}>{words.made}</Table.Th>
              <Table.Th>{words.views}</Table.Th>
              <Table.Th w={120}>{words.device}</Table.Th>
              <Table.Th w={64}>{words.takes}</Table.Th>
              <Table.Th w={96}>{words.state}</Table.Th>
              <Table.Th w={44} aria-label={t.visits.takes.actions} />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((recording) => (
              <Table.Tr key={recording.id}>
                <Table.Td className="numbers">
                  {formatInstant(recording.recorded_at ?? recording.created_at)}
                </Table.Td>
                <Table.Td>
                  {recording.views.map((view) => (
                    <Text key={view.view} size="sm">
                      {t.clinical.views[view.view]}{" "}
                      <Text span size="xs" c="dimmed" className={`numbers ${styles.facts}`}>
                        {words.facts(
                          `${view.width} × ${view.height}`,
                          view.fps === null ? t.app.undetermined : formatNumber(view.fps, 0),
                          view.duration_s === null
                            ? t.app.undetermined
                            : formatClock(view.duration_s, true),
                        )}
                      </Text>
                    </Text>
                  ))}
                  {recording.missing_views.map((view) => (
                    <Text key={view} size="sm" c="dimmed">
                      {t.clinical.views[view]}: {words.missing}
                    </Text>
                  ))}
                </Table.Td>
                <Table.Td>
                  <Text size="sm">{recording.device || t.app.undetermined}</Text>
                  {recording.has_calibration && (
                    <Text size="xs" c="dimmed">
                      {words.calibrated}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td className="numbers">
                  {takes
                    .filter((take) => take.recording_id === recording.id)
                    .map((take) => take.number)
                    .join(", ")}
                </Table.Td>
                <Table.Td>
                  {recording.voided_at ? t.visits.stands.void : words.states[recording.state]}
                </Table.Td>
                <Table.Td>{mayVoid && <RecordingMenu recording={recording} />}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Section>
  );
}

function RecordingMenu({ recording }: { recording: Recording }) {
  const refresh = useRefresh();
  const [asking, setAsking] = useState(false);
  const path = { params: { path: { recording_id: recording.id } } };
  const bringBack = async () => {
    await api.POST("/api/v1/recordings/{recording_id}/unvoid", path);
    await refresh();
    notify(t.visits.act.broughtBack);
  };
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={words.menu(formatInstant(recording.created_at))}
          >
            <IconDots size={16} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {recording.voided_at ? (
            <Menu.Item onClick={() => tell(bringBack)}>{t.visits.act.bringBack}</Menu.Item>
          ) : (
            <Menu.Item onClick={() => setAsking(true)}>{words.void}</Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <ReasonDialog
        title={words.voidTitle}
        text={words.voidText}
        action={words.void}
        opened={asking}
        onClose={() => setAsking(false)}
        onConfirm={async (reason) => {
          await api.POST("/api/v1/recordings/{recording_id}/void", { ...path, body: { reason } });
          await refresh();
          notifyUndo(words.voided, bringBack);
        }}
      />
    </>
  );
}
