import { ActionIcon, AppShell, Box, Group, Text } from "@mantine/core";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { IconKeyboard } from "../kit/icons";
import { Messages } from "../kit/notify";
import { useShortcuts } from "../kit/shortcuts";
import { t } from "../messages";
import { useMay } from "../session/session";
import { Notice } from "./Notice";

// Not needed for the first picture.
const ShellMenus = lazy(() => import("./ShellMenus").then((m) => ({ default: m.ShellMenus })));
const HelpSheet = lazy(() => import("./HelpSheet").then((m) => ({ default: m.HelpSheet })));

/** The frame around every place of a signed-in person. */
export function Shell() {
  const may = useMay();
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
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t.app.shortcuts}
              title={t.app.shortcuts}
              onClick={() => setHelping(true)}
            >
              <IconKeyboard size={18} aria-hidden />
            </ActionIcon>
            <Suspense fallback={<Box w={60} />}>
              <ShellMenus />
            </Suspense>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Main id="content" tabIndex={-1}>
        <Outlet />
      </AppShell.Main>
      <Messages />
      {helping && (
        <Suspense fallback={null}>
          <HelpSheet opened onClose={() => setHelping(false)} />
        </Suspense>
      )}
    </AppShell>
  );
}
