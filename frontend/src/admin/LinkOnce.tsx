import { Button, Code, CopyButton, Group, Modal, Stack, Text } from "@mantine/core";
import type { Schemas } from "../api/client";
import { formatInstant } from "../kit/formats";
import { t } from "../messages/all";

/** A one-time link, shown this once, to be handed to the person. */
export function LinkOnce({
  link,
  onClose,
}: {
  link: Schemas["LinkCreated"] | null;
  onClose: () => void;
}) {
  return (
    <Modal opened={link !== null} onClose={onClose} title={t.admin.links} size="lg">
      {link && (
        <Stack>
          <Text size="sm">{t.admin.linkOnce(formatInstant(link.expires_at))}</Text>
          <Code block data-testid="one-time-link">
            {link.url}
          </Code>
          <Group justify="flex-end">
            <CopyButton value={link.url}>
              {({ copied, copy }) => (
                <Button variant="default" onClick={copy}>
                  {copied ? t.admin.copied : t.admin.copy}
                </Button>
              )}
            </CopyButton>
            <Button onClick={onClose}>{t.admin.done}</Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
