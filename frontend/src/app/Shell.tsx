import { ActionIcon, AppShell, Group, Menu, Text, Tooltip } from "@mantine/core";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { IconKeyboard, IconLogout, IconUser } from "../kit/icons";
import { Messages } from "../kit/notify";
import { useShortcuts } from "../kit/shortcuts";
import { t } from "../messages";
import { useMay, useSession, useSignOut } from "../session/session";
import { HelpSheet } from "./HelpSheet";
import { Notice } from "./Notice";
import { SchemeMenu } from "./SchemeMenu";

/** The frame around every place of a signed-in person. */
export function Shell() {
  const session = useSession();
  const may = useMay();
  const signOut = useSignOut();
  const navigate = useNavigate();
  const [helping, setHelping] = useState(false);
  useShortcuts(t.app.shortcutsEverywhere, [
    { keys: "shift+?", label: t.app.showShortcuts, run: () => setHelping(true) },
    { keys: "alt+P", label: t.app.goPatients, run: () => navigate({ to: "/patients" }) },
  ]);
  return (
    <AppShell header={{ height: 68 }} padding="md">
      <AppShell.Header>
        <a className="skip-link" href="#content">
          {t.app.skip}
        </a>
        <Notice />
        <Group h={48} px="md" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap" component="nav">
            <Text fw={700} mr="sm">
              {t.app.name}
            </Text>
            {may("patient:read") && (
              <Link className="place-link" to="/patients">
                {t.app.places.patients}
              </Link>
            )}
            {may("review:read") && (
              <Link className="place-link" to="/reviews">
                {t.app.places.reviews}
              </Link>
            )}
            {may("export:research") && (
              <Link className="place-link" to="/research">
                {t.app.places.research}
              </Link>
            )}
            {may("operations:read") && (
              <Link className="place-link" to="/admin">
                {t.app.places.admin}
              </Link>
            )}
          </Group>
          <Group gap={4} wrap="nowrap">
            <Tooltip label={t.app.shortcuts}>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t.app.shortcuts}
                onClick={() => setHelping(true)}
              >
                <IconKeyboard size={18} aria-hidden />
              </ActionIcon>
            </Tooltip>
            <SchemeMenu />
            <Menu>
              <Menu.Target>
                <ActionIcon variant="subtle" color="gray" aria-label={session.display_name}>
                  <IconUser size={18} aria-hidden />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Label>{session.display_name}</Menu.Label>
                <Menu.Item
                  leftSection={<IconUser size={14} aria-hidden />}
                  onClick={() => navigate({ to: "/account" })}
                >
                  {t.app.places.account}
                </Menu.Item>
                <Menu.Item
                  leftSection={<IconLogout size={14} aria-hidden />}
                  onClick={() => signOut()}
                >
                  {t.app.signOut}
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Main id="content" tabIndex={-1}>
        <Outlet />
      </AppShell.Main>
      <Messages />
      <HelpSheet opened={helping} onClose={() => setHelping(false)} />
    </AppShell>
  );
}
