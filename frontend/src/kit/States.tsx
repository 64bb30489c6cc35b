import { Center, Loader, Stack, Text, Title, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";
import { t } from "../messages";

/** Shown while something is fetched. */
export function Loading({ label = t.app.loading }: { label?: string }) {
  return (
    <Center mih={160} role="status">
      <Loader size="sm" type="dots" />
      <VisuallyHidden>{label}</VisuallyHidden>
    </Center>
  );
}

/** Shown where there is nothing yet: what it would be, and how to begin. */
export function Empty({
  title,
  text,
  action,
}: {
  title?: string;
  text?: string;
  action?: ReactNode;
}) {
  return (
    <Center mih={160}>
      <Stack align="center" gap="xs" maw={440} ta="center">
        <Title order={2} size="h4">
          {title ?? t.app.nothing}
        </Title>
        {text && (
          <Text c="dimmed" size="sm">
            {text}
          </Text>
        )}
        {action}
      </Stack>
    </Center>
  );
}
