import { ActionIcon, Menu } from "@mantine/core";
import { useState } from "react";
import { api, type Schemas } from "../api/client";
import { IconDots } from "../kit/icons";
import { notify } from "../kit/notify";
import { ReasonDialog } from "../kit/Reason";
import { notifyUndo } from "../kit/undo";
import { t } from "../messages";
import { useRefresh } from "../patients/answers";
import type { PatientRights } from "../patients/reach";

const words = t.visits.visitAct;

/** What is seldom done with a visit: export, out of use, entered in error. */
export function VisitMenu({
  visit,
  rights,
  onEdit,
}: {
  visit: Schemas["VisitRead"];
  rights: PatientRights;
  onEdit: (() => void) | undefined;
}) {
  const refresh = useRefresh();
  const [doing, setDoing] = useState<"void" | "error" | null>(null);
  const path = { params: { path: { visit_id: visit.id } } };
  const inUse = visit.voided_at === null;
  const open = inUse && (visit.state === "open" || visit.state === "amending");
  const items = [
    onEdit && (
      <Menu.Item key="edit" onClick={onEdit}>
        {words.edit}
      </Menu.Item>
    ),
    rights.shows("export:basic") && inUse && (
      <Menu.Item key="csv" component="a" href={`/api/v1/visits/${visit.id}/measures.csv`} download>
        {t.visits.csv}
      </Menu.Item>
    ),
    open && rights.may("visit:void") && (
      <Menu.Item key="void" onClick={() => setDoing("void")}>
        {words.void}
      </Menu.Item>
    ),
    inUse &&
      visit.state !== "entered_in_error" &&
      rights.shows("review:write") &&
      rights.may("visit:sign") && (
        <Menu.Item key="error" onClick={() => setDoing("error")}>
          {words.error}
        </Menu.Item>
      ),
  ].filter(Boolean);
  return (
    <>
      {items.length > 0 && (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon size={36} variant="default" aria-label={t.visits.more}>
              <IconDots size={16} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>{items}</Menu.Dropdown>
        </Menu>
      )}
      <ReasonDialog
        title={words.voidTitle}
        text={words.voidText}
        action={words.void}
        opened={doing === "void"}
        onClose={() => setDoing(null)}
        onConfirm={async (reason) => {
          await api.POST("/api/v1/visits/{visit_id}/void", { ...path, body: { reason } });
          await refresh();
          notifyUndo(words.voided, async () => {
            await api.POST("/api/v1/visits/{visit_id}/unvoid", path);
            await refresh();
            notify(t.visits.act.broughtBack);
          });
        }}
      />
      <ReasonDialog
        title={words.errorTitle}
        text={words.errorText}
        action={words.error}
        opened={doing === "error"}
        onClose={() => setDoing(null)}
        onConfirm={async (reason) => {
          await api.POST("/api/v1/visits/{visit_id}/entered-in-error", {
            ...path,
            body: { reason },
          });
          await refresh();
          notify(words.errorDone);
        }}
      />
    </>
  );
}
