import { Button, Group } from "@mantine/core";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages";

/** The end of every form in a dialog: what went wrong, away without saving, save. */
export function FormFoot({
  error,
  busy,
  action = t.app.save,
  disabled = false,
  onCancel,
}: {
  error: unknown;
  busy: boolean;
  action?: string;
  disabled?: boolean;
  onCancel: () => void;
}) {
  return (
    <>
      {error !== null && <ProblemNotice error={error} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onCancel}>
          {t.app.cancel}
        </Button>
        <Button type="submit" loading={busy} disabled={disabled}>
          {action}
        </Button>
      </Group>
    </>
  );
}
