import { Box, Group, Stack, Text, Title } from "@mantine/core";
import { Link, type LinkProps } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { t } from "../messages";
import { IconArrowLeft } from "./icons";

/** The frame of every place: a way back, its name, what can be done there. */
export function Page({
  title,
  subtitle,
  back,
  actions,
  children,
}: {
  title: string;
  subtitle?: ReactNode;
  back?: { label: string } & Pick<LinkProps, "to" | "params" | "search">;
  actions?: ReactNode;
  children: ReactNode;
}) {
  useEffect(() => {
    // No name of a patient: titles end up in the history of the browser.
    document.title = `${title} · ${t.app.name}`;
  }, [title]);
  return (
    <Stack gap="md">
      <Box>
        {back && (
          <Link to={back.to} params={back.params} search={back.search} className="back-link">
            <IconArrowLeft size={14} aria-hidden /> {back.label}
          </Link>
        )}
        <Group justify="space-between" align="flex-end" gap="sm">
          <Box>
            <Title order={1} size="h2">
              {title}
            </Title>
            {subtitle && (
              <Text c="dimmed" size="sm" component="div">
                {subtitle}
              </Text>
            )}
          </Box>
          {actions && <Group gap="xs">{actions}</Group>}
        </Group>
      </Box>
      {children}
    </Stack>
  );
}
