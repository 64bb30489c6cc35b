import { Badge, Button, Checkbox, Group, Table, Text, Title } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Schemas } from "../api/client";
import { formatDay } from "../kit/formats";
import { IconGitCompare } from "../kit/icons";
import { t } from "../messages";
import { VisitStateBadge } from "../visits/VisitStateBadge";
import { pairToCompare } from "./pairs";
import styles from "./patients.module.css";

/** The visits of a patient; two of them can be chosen to compare. */
export function VisitTable({
  visits,
  episodes,
  mayCompare,
}: {
  visits: Schemas["VisitRead"][];
  episodes: Schemas["EpisodeRead"][];
  mayCompare: boolean;
}) {
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<string[]>([]);
  const words = t.patients.visits;
  const causes = new Map(episodes.map((episode) => [episode.id, episode.cause]));
  const pair = pairToCompare(visits, chosen);
  const comparable = mayCompare && visits.filter((visit) => visit.voided_at === null).length > 1;
  return (
    <>
      <Group justify="space-between" mb={4} mih={30}>
        <Title order={2} size="h4">
          {words.title}
        </Title>
        {comparable && (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconGitCompare size={14} aria-hidden />}
            disabled={pair === null}
            onClick={() => {
              if (pair) navigate({ to: "/compare", search: pair });
            }}
          >
            {chosen.length === 0
              ? words.compareFirstLast
              : chosen.length === 1
                ? words.compareOneMore
                : words.compareTwo}
          </Button>
        )}
      </Group>
      <Table aria-label={words.title}>
        <Table.Thead>
          <Table.Tr>
            {comparable && <Table.Th w={36} aria-label={words.compareTwo} />}
            <Table.Th>{words.day}</Table.Th>
            <Table.Th>{words.name}</Table.Th>
            <Table.Th>{words.episode}</Table.Th>
            <Table.Th>{words.state}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {visits.map((visit) => (
            <Table.Tr key={visit.id} className={styles.row}>
              {comparable && (
                <Table.Td className={styles.inside}>
                  <Checkbox
                    size="xs"
                    aria-label={words.choose(formatDay(visit.visited_on))}
                    disabled={visit.voided_at !== null}
                    checked={chosen.includes(visit.id)}
                    onChange={(event) =>
                      setChosen(
                        event.currentTarget.checked
                          ? [...chosen.slice(-1), visit.id]
                          : chosen.filter((id) => id !== visit.id),
                      )
                    }
                  />
                </Table.Td>
              )}
              <Table.Td className="numbers">
                <Link to="/visits/$visitId" params={{ visitId: visit.id }} className={styles.open}>
                  {formatDay(visit.visited_on)}
                </Link>
              </Table.Td>
              <Table.Td>{visit.title}</Table.Td>
              <Table.Td>
                <Text size="sm" c="dimmed">
                  {(visit.episode_id && causes.get(visit.episode_id)) || words.noEpisode}
                </Text>
              </Table.Td>
              <Table.Td>
                {visit.voided_at !== null ? (
                  <Badge variant="outline" color="gray" tt="none" fw={500}>
                    {t.patients.act.outOfUse}
                  </Badge>
                ) : (
                  <VisitStateBadge state={visit.state} />
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}
