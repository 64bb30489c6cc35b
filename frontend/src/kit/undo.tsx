// A short message with a way back, shown long enough to be used from the keyboard.

import { Button, Group, Text } from "@mantine/core";
import { t } from "../messages";
import { tell } from "./tell";

const LONG_ENOUGH_MS = 12_000;

/** Say that something was taken away, and offer to take that back. */
export async function notifyUndo(message: string, undo: () => Promise<unknown>): Promise<void> {
  const { notifications } = await import("@mantine/notifications");
  const id = notifications.show({
    withBorder: true,
    autoClose: LONG_ENOUGH_MS,
    message: (
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">{message}</Text>
        <Button
          size="compact-sm"
          variant="default"
          onClick={async () => {
            notifications.hide(id);
            await tell(undo);
          }}
        >
          {t.app.undo}
        </Button>
      </Group>
    ),
  });
}
