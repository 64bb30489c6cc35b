import { Alert, Button, Group, Text } from "@mantine/core";
import { ProblemError } from "../api/client";
import { t } from "../messages";
import { IconAlertTriangle } from "./icons";

/** What went wrong, what to do next, and a way to try again. */
export function ProblemNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const problem =
    error instanceof ProblemError
      ? error
      : new ProblemError({ detail: t.app.unexpected, next_step: t.app.unexpectedNext });
  return (
    <Alert
      role="alert"
      color="orange"
      variant="light"
      icon={<IconAlertTriangle aria-hidden />}
      title={problem.message}
    >
      {problem.nextStep && <Text size="sm">{problem.nextStep}</Text>}
      {problem.retryAfterS !== undefined && (
        <Text size="sm">{t.app.waitFor(problem.retryAfterS)}</Text>
      )}
      <Group mt="xs" gap="md">
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {t.app.retry}
          </Button>
        )}
        {problem.requestId && (
          <Text size="xs" c="dimmed">
            {t.app.requestId(problem.requestId)}
          </Text>
        )}
      </Group>
    </Alert>
  );
}
