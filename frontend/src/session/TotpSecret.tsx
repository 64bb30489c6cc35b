import { Anchor, Button, Code, CopyButton, Group, Stack, Text } from "@mantine/core";
import type { Schemas } from "../api/client";
import { t } from "../messages";

/** The secret of a second factor, to type or to hand over to an authenticator on this device. */
export function TotpSecret({ secret }: { secret: Schemas["TotpSecret"] }) {
  const grouped = secret.secret.replace(/(.{4})(?=.)/g, "$1 ");
  return (
    <Stack gap="xs">
      <Text size="sm">{t.session.secretText}</Text>
      <Group gap="xs" justify="space-between">
        <Code fz="md" aria-label={t.session.secret}>
          {grouped}
        </Code>
        <CopyButton value={secret.secret}>
          {({ copied, copy }) => (
            <Button size="xs" variant="default" onClick={copy}>
              {copied ? t.session.copied : t.session.copy}
            </Button>
          )}
        </CopyButton>
      </Group>
      <Anchor size="sm" href={secret.address}>
        {t.session.openAuthenticator}
      </Anchor>
    </Stack>
  );
}
