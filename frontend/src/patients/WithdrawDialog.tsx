import { List, Modal, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { api } from "../api/client";
import { notify } from "../kit/notify";
import { t } from "../messages";
import { useAction, useRefresh } from "./answers";
import { FormFoot } from "./FormFoot";
import { filled } from "./fields";
import type { Paper } from "./standing";

const words = t.patients.consents;

/** Takes a consent back, after saying what that sets in motion. */
export function WithdrawDialog({ paper, onClose }: { paper: Paper; onClose: () => void }) {
  const refresh = useRefresh();
  const [reason, setReason] = useState("");
  const withdraw = useAction(async () => {
    await api.POST("/api/v1/consents/{consent_id}/withdraw", {
      params: { path: { consent_id: paper.id } },
      body: { reason: filled(reason) },
    });
    await refresh();
    notify(words.withdrewDone);
    onClose();
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={words.withdrawTitle(words.purposes[paper.purpose] ?? "")}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          withdraw.go();
        }}
      >
        <Stack gap="sm">
          <List size="sm" spacing={4}>
            {words.consequences[paper.purpose]?.map((line) => (
              <List.Item key={line}>{line}</List.Item>
            ))}
          </List>
          <Text size="sm">{words.all}</Text>
          <Textarea
            label={words.withdrawReason}
            data-autofocus
            autosize
            minRows={2}
            maxLength={1000}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <FormFoot
            error={withdraw.error}
            busy={withdraw.busy}
            action={words.doWithdraw}
            onCancel={onClose}
          />
        </Stack>
      </form>
    </Modal>
  );
}
