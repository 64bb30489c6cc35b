import { Button, Center } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { ProblemError } from "../api/client";
import { ProblemNotice } from "../kit/Problem";
import { Empty } from "../kit/States";
import { t } from "../messages";

/** What is shown in place of a page that failed. */
export function PageFailure({ error, reset }: { error: unknown; reset: () => void }) {
  if (error instanceof ProblemError && error.status === 404) return <NotFound />;
  return (
    <Center mih={240}>
      <ProblemNotice error={error} onRetry={reset} />
    </Center>
  );
}

/** An address at which there is nothing, or nothing for this person. */
export function NotFound() {
  const navigate = useNavigate();
  return (
    <Empty
      title={t.app.notFound}
      text={t.app.notFoundText}
      action={
        <Button variant="default" onClick={() => navigate({ to: "/" })}>
          {t.app.toPatients}
        </Button>
      }
    />
  );
}
