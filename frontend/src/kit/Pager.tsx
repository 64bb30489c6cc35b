import { ActionIcon, Group, Text } from "@mantine/core";
import { t } from "../messages";
import { IconChevronLeft, IconChevronRight } from "./icons";

/** Walks through a list of the service (`limit`, `offset`, `total`). */
export function Pager({
  offset,
  limit,
  total,
  onOffset,
}: {
  offset: number;
  limit: number;
  total: number;
  onOffset: (offset: number) => void;
}) {
  if (total <= limit && offset === 0) return null;
  return (
    <Group justify="flex-end" gap="xs">
      <Text size="sm" c="dimmed">
        {t.app.of(Math.min(offset + 1, total), Math.min(offset + limit, total), total)}
      </Text>
      <ActionIcon
        variant="default"
        aria-label={t.app.previousPage}
        disabled={offset === 0}
        onClick={() => onOffset(Math.max(0, offset - limit))}
      >
        <IconChevronLeft size={16} aria-hidden />
      </ActionIcon>
      <ActionIcon
        variant="default"
        aria-label={t.app.nextPage}
        disabled={offset + limit >= total}
        onClick={() => onOffset(offset + limit)}
      >
        <IconChevronRight size={16} aria-hidden />
      </ActionIcon>
    </Group>
  );
}
