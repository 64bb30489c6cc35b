import { Tabs } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ComponentType, lazy, Suspense } from "react";
import { Page } from "../kit/Page";
import { Empty, Loading } from "../kit/States";
import { t } from "../messages/all";
import { type Permission, useMay } from "../session/session";
import { ADMIN_PLACES, type AdminPlace } from "./routes";

const PANELS: Record<AdminPlace, { permission: Permission; component: ComponentType }> = {
  users: {
    permission: "users:manage",
    component: lazy(() => import("./Users").then((m) => ({ default: m.Users }))),
  },
  teams: {
    permission: "teams:manage",
    component: lazy(() => import("./Teams").then((m) => ({ default: m.Teams }))),
  },
  protocol: {
    permission: "protocol:edit",
    component: lazy(() => import("./ProtocolEditor").then((m) => ({ default: m.ProtocolEditor }))),
  },
  work: {
    permission: "operations:read",
    component: lazy(() => import("./Work").then((m) => ({ default: m.Work }))),
  },
  storage: {
    permission: "operations:read",
    component: lazy(() => import("./Storage").then((m) => ({ default: m.Storage }))),
  },
  audit: {
    permission: "audit:read",
    component: lazy(() => import("./Audit").then((m) => ({ default: m.Audit }))),
  },
  alerts: {
    permission: "audit:read",
    component: lazy(() => import("./Alerts").then((m) => ({ default: m.Alerts }))),
  },
};

/** Where administrators keep order; each place has an address. */
export function AdminPage() {
  const { place } = useSearch({ from: "/signed-in/admin" });
  const navigate = useNavigate();
  const may = useMay();
  const places = ADMIN_PLACES.filter((one) => may(PANELS[one].permission));
  const shown = places.find((one) => one === place) ?? places[0];
  return (
    <Page title={t.admin.title}>
      {shown === undefined ? (
        <Empty title={t.app.notFound} text={t.app.notFoundText} />
      ) : (
        <Tabs
          value={shown}
          keepMounted={false}
          onChange={(value) => navigate({ to: "/admin", search: { place: value as AdminPlace } })}
        >
          <Tabs.List mb="md">
            {places.map((one) => (
              <Tabs.Tab key={one} value={one}>
                {t.admin.places[one]}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {places.map((one) => {
            const Panel = PANELS[one].component;
            return (
              <Tabs.Panel key={one} value={one}>
                <Suspense fallback={<Loading />}>
                  <Panel />
                </Suspense>
              </Tabs.Panel>
            );
          })}
        </Tabs>
      )}
    </Page>
  );
}
