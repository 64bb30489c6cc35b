import { Button, Group, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { IconEye } from "../kit/icons";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages";
import { useAction } from "./answers";
import { Section } from "./Section";

/** A part that identifies: asked for on request alone, since every look is audited, and kept nowhere. */
export function HiddenPart<T>({
  title,
  mayEdit,
  load,
  show,
  edit,
}: {
  title: string;
  mayEdit: boolean;
  load: () => Promise<T>;
  show: (part: T) => ReactNode;
  edit: (part: T, onSaved: (part: T) => void, onClose: () => void) => ReactNode;
}) {
  const [part, setPart] = useState<T | null>(null);
  const [editing, setEditing] = useState(false);
  const look = useAction(async (thenEdit: boolean) => {
    setPart(await load());
    setEditing(thenEdit);
  });
  const words = t.patients.person;
  return (
    <Section
      title={title}
      action={
        <Group gap={4}>
          {part !== null && (
            <Button size="compact-sm" variant="subtle" onClick={() => setPart(null)}>
              {t.patients.header.hide}
            </Button>
          )}
          {mayEdit && (
            <Button
              size="compact-sm"
              variant="subtle"
              aria-label={`${words.edit}: ${title}`}
              onClick={() => look.go(true)}
            >
              {words.edit}
            </Button>
          )}
        </Group>
      }
    >
      {part === null ? (
        <Group gap="sm">
          <Text size="sm" c="dimmed">
            {words.hidden}
          </Text>
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconEye size={14} aria-hidden />}
            aria-label={`${words.show}: ${title}`}
            loading={look.busy}
            onClick={() => look.go(false)}
          >
            {words.show}
          </Button>
        </Group>
      ) : (
        show(part)
      )}
      {look.error !== null && <ProblemNotice error={look.error} onRetry={() => look.go(false)} />}
      {part !== null && editing && edit(part, setPart, () => setEditing(false))}
    </Section>
  );
}
