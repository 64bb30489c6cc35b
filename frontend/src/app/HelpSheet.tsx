import { Group, Kbd, Modal, Stack, Text, Title } from "@mantine/core";
import { useShortcutGroups } from "../kit/shortcuts";
import { t } from "../messages";

/** All shortcuts that work on the present page. */
export function HelpSheet({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const groups = useShortcutGroups();
  return (
    <Modal opened={opened} onClose={onClose} title={t.app.shortcuts} size="lg">
      <Stack>
        {groups.map((group) => (
          <Stack key={group.title} gap={4}>
            <Title order={2} size="h5">
              {group.title}
            </Title>
            {group.shortcuts.map((shortcut) => (
              <Group key={shortcut.keys} justify="space-between">
                <Text size="sm">{shortcut.label}</Text>
                <Group gap={4}>
                  {shortcut.keys.split("+").map((key) => (
                    <Kbd key={key}>{key}</Kbd>
                  ))}
                </Group>
              </Group>
            ))}
          </Stack>
        ))}
      </Stack>
    </Modal>
  );
}
