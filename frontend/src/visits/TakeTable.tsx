import { Table, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "../api/client";
import { t } from "../messages";
import { measureName } from "../messages/en/clinical";
import type { PatientRights } from "../patients/reach";
import { captureOf } from "./capture";
import { type Group, type Job, jobOf, type Recording, standOf, type Take } from "./standing";
import { TakeMenu } from "./TakeMenu";
import { TakePicture } from "./TakePicture";
import { TakeState } from "./TakeState";
import { TargetValue } from "./TargetValue";
import styles from "./takes.module.css";
import { targetOf } from "./targets";

const words = t.visits.takes;
const COLUMNS = 7;

interface Known {
  jobs: Job[];
  recordings: Recording[];
  measures: Schemas["MeasureRead"][];
  movements: readonly Schemas["ProtocolMovement"][];
  affected: Schemas["AffectedSide"] | null;
  editable: boolean;
  /** The visit, when something may be recorded in it. */
  captureVisitId: string | null;
  rights: PatientRights;
}

/** Takes under their movements, in the order of the protocol; what is missing has its line, too. */
export function TakeTable({ groups, ...known }: Known & { groups: Group[] }) {
  const side = (name: "left" | "right", label: string) => (
    <Table.Th ta="right" w={92}>
      {label}
      {known.affected === name && (
        <Text span size="xs" c="dimmed" display="block" lh={1}>
          {words.affectedSide}
        </Text>
      )}
    </Table.Th>
  );
  return (
    <Table.ScrollContainer minWidth={760}>
      <Table
        className={styles.table}
        aria-label={words.title}
        highlightOnHover={false}
        withRowBorders={false}
      >
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={120}>{words.movement}</Table.Th>
            <Table.Th w={112}>{words.picture}</Table.Th>
            <Table.Th>{words.quality}</Table.Th>
            <Table.Th w={124}>{words.measure}</Table.Th>
            {side("left", words.left)}
            {side("right", words.right)}
            <Table.Th w={44} aria-label={words.actions} />
          </Table.Tr>
        </Table.Thead>
        {groups.map((group) => (
          <Table.Tbody key={group.movement}>
            {group.takes.length === 0 && (
              <Table.Tr className={styles.missing}>
                <Table.Td colSpan={2}>{group.title}</Table.Td>
                <Table.Td colSpan={COLUMNS - 2}>
                  {group.optional ? words.missingOptional : words.missing}
                  {known.captureVisitId && (
                    <>
                      {" · "}
                      <a
                        href={captureOf(known.captureVisitId, { movement: group.movement })}
                        aria-label={words.recordMovement(group.title)}
                      >
                        {words.record}
                      </a>
                    </>
                  )}
                </Table.Td>
              </Table.Tr>
            )}
            {group.takes.map((take, index) => (
              <TakeRow key={take.id} take={take} group={group} first={index === 0} {...known} />
            ))}
          </Table.Tbody>
        ))}
      </Table>
    </Table.ScrollContainer>
  );
}

function TakeRow({
  take,
  group,
  first,
  jobs,
  recordings,
  measures,
  movements,
  editable,
  rights,
}: Known & { take: Take; group: Group; first: boolean }) {
  const recording = recordings.find((one) => one.id === take.recording_id);
  const job = jobOf(take, jobs);
  const stand = standOf(take, recording, job);
  const seesFace = rights.shows("face:read");
  const seesResults = rights.shows("results:read");
  const off = stand === "void" || stand === "excluded" || stand === "replaced";
  const target =
    seesResults && take.analysis && !off
      ? targetOf(take.analysis.id, take.measured_as, measures)
      : null;
  return (
    <Table.Tr className={off ? styles.off : undefined} data-take={take.number}>
      <Table.Td>
        {first && <Text size="sm">{group.title}</Text>}
        {first && group.wanted === null && (
          <Text size="xs" c="dimmed">
            {words.notInProtocol}
          </Text>
        )}
        {take.recording_id && stand !== "void" ? (
          <Link
            to="/takes/$takeId"
            params={{ takeId: take.id }}
            className={styles.take}
            data-open-take
          >
            {words.open(take.number)}
          </Link>
        ) : (
          <Text size="sm">{words.number(take.number)}</Text>
        )}
      </Table.Td>
      <Table.Td>
        <TakePicture take={take} recording={recording} visible={seesFace} />
      </Table.Td>
      <Table.Td>
        <TakeState
          take={take}
          stand={stand}
          job={job}
          recording={recording}
          visible={seesResults}
          mayWrite={editable && rights.may("visit:write")}
          mayStart={editable && rights.may("analysis:start")}
          mayControl={rights.may("analysis:control")}
        />
      </Table.Td>
      <Table.Td>
        {target && (
          <>
            <Text size="sm">{measureName(target.measure)}</Text>
            <Text size="xs" c="dimmed" className="numbers">
              {words.repetitionsFound(target.repetitions, group.wanted)}
            </Text>
          </>
        )}
        {take.measured_as === "rest" && take.analysis && (
          <Text size="xs" c="dimmed">
            {words.restNote}
          </Text>
        )}
      </Table.Td>
      <Table.Td ta="right" className="numbers">
        <TargetValue measure={target?.left} />
      </Table.Td>
      <Table.Td ta="right" className="numbers">
        <TargetValue measure={target?.right} />
      </Table.Td>
      <Table.Td>
        <TakeMenu
          take={take}
          stand={stand}
          movements={movements}
          editable={editable}
          mayWrite={rights.may("visit:write")}
          mayVoid={rights.may("visit:void")}
          mayStart={rights.may("analysis:start")}
        />
      </Table.Td>
    </Table.Tr>
  );
}
