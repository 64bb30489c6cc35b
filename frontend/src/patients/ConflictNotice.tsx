import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "../kit/icons";
import { t } from "../messages";
import type { Difference } from "./revision";

/** What somebody else saved in the meantime, field by field, beside what was typed here. */
export function ConflictNotice<T extends object>({
  differences,
  labels,
  say = String,
  onTake,
}: {
  differences: Difference<T>[];
  labels: Partial<Record<keyof T & string, string>>;
  say?: (value: unknown, field: keyof T & string) => string;
  onTake: (difference: Difference<T>) => void;
}) {
  if (differences.length === 0) return null;
  const words = (value: unknown, field: keyof T & string) =>
    value === null || value === "" || value === undefined
      ? t.patients.conflict.empty
      : say(value, field);
  return (
    <Alert
      role="alert"
      color="orange"
      variant="light"
      icon={<IconAlertTriangle aria-hidden />}
      title={t.patients.conflict.title}
    >
      <Stack gap="xs">
        <Text size="sm">{t.patients.conflict.text}</Text>
        {differences.map((difference) => (
          <Group key={difference.field} justify="space-between" align="flex-start" wrap="nowrap">
            <div>
              <Text size="sm" fw={600}>
                {labels[difference.field] ?? difference.field}
              </Text>
              <Text size="sm">
                {t.patients.conflict.now}: {words(difference.now, difference.field)}
              </Text>
              {difference.mine === undefined ? (
                <Text size="sm" c="dimmed">
                  {t.patients.conflict.taken}
                </Text>
              ) : (
                <Text size="sm">
                  {t.patients.conflict.mine}: {words(difference.mine, difference.field)}
                </Text>
              )}
            </div>
            {difference.mine !== undefined && (
              <Button size="compact-sm" variant="default" onClick={() => onTake(difference)}>
                {t.patients.conflict.take}
              </Button>
            )}
          </Group>
        ))}
      </Stack>
    </Alert>
  );
}
