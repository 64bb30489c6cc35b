import { Box, Card, Center, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import { Notice } from "../app/Notice";
import { t } from "../messages";

/** The frame of pages for people who are not signed in. */
export function Entrance({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · ${t.app.name}`;
  }, [title]);
  return (
    <Box mih="100vh">
      <Notice />
      <Center component="main" mih="80vh" p="md">
        <Card withBorder padding="xl" w={420} maw="100%">
          <Stack>
            <Text fw={700} c="dimmed" size="sm">
              {t.app.name}
            </Text>
            <Title order={1} size="h3">
              {title}
            </Title>
            {children}
          </Stack>
        </Card>
      </Center>
    </Box>
  );
}
