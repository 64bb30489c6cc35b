import { ActionIcon, Menu } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { IconLogout, IconUser } from "../kit/icons";
import { t } from "../messages";
import { useSession, useSignOut } from "../session/session";
import { SchemeMenu } from "./SchemeMenu";

/** The menus at the right end of the header. */
export function ShellMenus() {
  const session = useSession();
  const signOut = useSignOut();
  const navigate = useNavigate();
  return (
    <>
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
          <Menu.Item leftSection={<IconLogout size={14} aria-hidden />} onClick={() => signOut()}>
            {t.app.signOut}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
