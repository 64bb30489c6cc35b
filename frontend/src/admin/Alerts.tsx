import { Button, Stack, Switch, Table, Text } from "@mantine/core";
import { useState } from "react";
import { api, query } from "../api/client";
import { formatInstant } from "../kit/formats";
import { Pager } from "../kit/Pager";
import { ProblemNotice } from "../kit/Problem";
import { Empty, Loading } from "../kit/States";
import { t } from "../messages/all";

const LIMIT = 25;

/** Who broke the glass, why and for how long; somebody says that they looked at it. */
export function Alerts() {
  const [openOnly, setOpenOnly] = useState(true);
  const [offset, setOffset] = useState(0);
  const [failed, setFailed] = useState<unknown>(null);
  const { data, error, isPending, refetch } = query.useQuery("get", "/api/v1/break-glass", {
    params: { query: { open_only: openOnly, limit: LIMIT, offset } },
  });
  const acknowledge = async (id: string) => {
    setFailed(null);
    try {
      await api.POST("/api/v1/break-glass/{use_id}/acknowledgement", {
        params: { path: { use_id: id } },
      });
      await refetch();
    } catch (problem) {
      setFailed(problem);
    }
  };
  return (
    <Stack gap="sm">
      <Switch
        label={t.admin.openOnly}
        checked={openOnly}
        onChange={(event) => {
          setOpenOnly(event.currentTarget.checked);
          setOffset(0);
        }}
      />
      {failed !== null && <ProblemNotice error={failed} />}
      {error ? (
        <ProblemNotice error={error} onRetry={() => refetch()} />
      ) : isPending ? (
        <Loading />
      ) : data.items.length === 0 ? (
        <Empty title={t.admin.noAlerts} text={t.admin.noAlertsText} />
      ) : (
        <Table aria-label={t.admin.places.alerts}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t.admin.when}</Table.Th>
              <Table.Th>{t.admin.actor}</Table.Th>
              <Table.Th>{t.admin.patient}</Table.Th>
              <Table.Th>{t.admin.reason}</Table.Th>
              <Table.Th>{t.admin.until}</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.items.map((alert) => (
              <Table.Tr key={alert.id}>
                <Table.Td>{formatInstant(alert.started_at)}</Table.Td>
                <Table.Td>{alert.user_name}</Table.Td>
                <Table.Td>{alert.pseudonym}</Table.Td>
                <Table.Td>{alert.reason}</Table.Td>
                <Table.Td>{formatInstant(alert.expires_at)}</Table.Td>
                <Table.Td>
                  {alert.acknowledged_at ? (
                    <Text size="sm" c="dimmed">
                      {t.admin.acknowledged}
                    </Text>
                  ) : (
                    <Button
                      size="compact-xs"
                      variant="default"
                      onClick={() => acknowledge(alert.id)}
                    >
                      {t.admin.acknowledge}
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <Pager offset={offset} limit={LIMIT} total={data?.total ?? 0} onOffset={setOffset} />
    </Stack>
  );
}
