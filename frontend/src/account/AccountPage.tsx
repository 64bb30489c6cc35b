import { Card, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Page } from "../kit/Page";
import { t } from "../messages/all";
import { useSession } from "../session/session";
import { PasswordForm } from "./PasswordForm";
import { SecondFactor } from "./SecondFactor";
import { Sessions } from "./Sessions";
import { Tokens } from "./Tokens";

/** What people look after themselves: password, second factor, browsers, tokens. */
export function AccountPage() {
  const session = useSession();
  return (
    <Page
      title={t.account.title}
      subtitle={`${session.display_name} · ${session.email} · ${session.roles
        .map((role) => t.account.roles[role] ?? role)
        .join(", ")}`}
    >
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Part title={t.account.password}>
          <PasswordForm />
        </Part>
        <Part title={t.account.second}>
          <SecondFactor />
        </Part>
      </SimpleGrid>
      <Part title={t.account.sessions}>
        <Sessions />
      </Part>
      <Part title={t.account.tokens}>
        <Tokens />
      </Part>
    </Page>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card withBorder padding="md">
      <Stack gap="sm">
        <Title order={2} size="h4">
          {title}
        </Title>
        {typeof children === "string" ? <Text>{children}</Text> : children}
      </Stack>
    </Card>
  );
}
