import { Badge, Button, Table, Text } from "@mantine/core";
import { useState } from "react";
import { api, query } from "../api/client";
import { formatInstant } from "../kit/formats";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { t } from "../messages/all";

/** The browsers in which this person is signed in. */
export function Sessions() {
  const { data, error, refetch } = query.useQuery("get", "/api/v1/me/sessions");
  const [failed, setFailed] = useState<unknown>(null);
  const end = async (id: string) => {
    setFailed(null);
    try {
      await api.DELETE("/api/v1/me/sessions/{session_id}", {
        params: { path: { session_id: id } },
      });
      await refetch();
    } catch (problem) {
      setFailed(problem);
    }
  };
  if (error) return <ProblemNotice error={error} onRetry={() => refetch()} />;
  if (!data) return <Loading />;
  return (
    <>
      {failed !== null && <ProblemNotice error={failed} />}
      <Table.ScrollContainer minWidth={640}>
        <Table aria-label={t.account.sessions}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t.account.browser}</Table.Th>
              <Table.Th>{t.account.address}</Table.Th>
              <Table.Th>{t.account.seen}</Table.Th>
              <Table.Th>{t.account.ends}</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.map((one) => (
              <Table.Tr key={one.id}>
                <Table.Td>
                  <Text size="sm" lineClamp={1} maw={380}>
                    {one.user_agent}
                  </Text>
                </Table.Td>
                <Table.Td>{one.address}</Table.Td>
                <Table.Td>{formatInstant(one.last_seen_at)}</Table.Td>
                <Table.Td>{formatInstant(one.expires_at)}</Table.Td>
                <Table.Td>
                  {one.current ? (
                    <Badge variant="light" color="gray" tt="none" c="var(--mantine-color-text)">
                      {t.account.thisOne}
                    </Badge>
                  ) : (
                    <Button size="compact-xs" variant="default" onClick={() => end(one.id)}>
                      {t.account.end}
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  );
}
