import { ActionIcon, Menu } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, type Schemas } from "../api/client";
import { IconDots } from "../kit/icons";
import { notify } from "../kit/notify";
import { ReasonDialog } from "../kit/Reason";
import { tell } from "../kit/tell";
import { notifyUndo } from "../kit/undo";
import { t } from "../messages";
import { useRefresh } from "../patients/answers";
import { captureOf } from "./capture";
import type { Stand, Take } from "./standing";
import { TakeDialog } from "./TakeForm";

const words = t.visits.act;

/** What may be done with a take in its present state; nothing that the service would refuse. */
export function TakeMenu({
  take,
  stand,
  movements,
  editable,
  mayWrite,
  mayVoid,
  mayStart,
}: {
  take: Take;
  stand: Stand;
  movements: readonly Schemas["ProtocolMovement"][];
  /** The visit is neither signed nor out of use. */
  editable: boolean;
  mayWrite: boolean;
  mayVoid: boolean;
  mayStart: boolean;
}) {
  const refresh = useRefresh();
  const navigate = useNavigate();
  const [doing, setDoing] = useState<"edit" | "exclude" | "void" | null>(null);
  const path = { params: { path: { take_id: take.id } } };
  const include = async () => {
    await api.POST("/api/v1/takes/{take_id}/include", path);
    await refresh();
    notify(words.included);
  };
  const bringBack = async () => {
    await api.POST("/api/v1/takes/{take_id}/unvoid", path);
    await refresh();
    notify(words.broughtBack);
  };
  const analyse = async () => {
    await api.POST("/api/v1/takes/{take_id}/analyses", path);
    await refresh();
    notify(words.started);
  };
  const isVoid = stand === "void";
  const counts = !isVoid && stand !== "excluded" && stand !== "replaced";
  const canBeOpened = take.recording_id !== null && !isVoid;
  const writes = editable && mayWrite;
  const items = [
    canBeOpened && (
      <Menu.Item
        key="open"
        onClick={() => navigate({ to: "/takes/$takeId", params: { takeId: take.id } })}
      >
        {words.open}
      </Menu.Item>
    ),
    editable && mayStart && (stand === "analysed" || stand === "failed") && take.measured_as && (
      <Menu.Item key="analyse" onClick={() => tell(analyse)}>
        {words.analyseAgain}
      </Menu.Item>
    ),
    writes && counts && (
      <Menu.Item key="edit" onClick={() => setDoing("edit")}>
        {t.visits.act.edit}
      </Menu.Item>
    ),
    writes && counts && take.recording_id !== null && (
      // A full load: the page for recording has its own security policy.
      <Menu.Item
        key="again"
        component="a"
        href={captureOf(take.visit_id, { movement: take.movement, replaces: take.id })}
      >
        {words.again}
      </Menu.Item>
    ),
    writes && counts && (
      <Menu.Item key="exclude" onClick={() => setDoing("exclude")}>
        {words.exclude}
      </Menu.Item>
    ),
    writes && stand === "excluded" && (
      <Menu.Item key="include" onClick={() => tell(include)}>
        {words.include}
      </Menu.Item>
    ),
    editable && mayVoid && !isVoid && (
      <Menu.Item key="void" onClick={() => setDoing("void")}>
        {words.void}
      </Menu.Item>
    ),
    editable && mayVoid && isVoid && (
      <Menu.Item key="back" onClick={() => tell(bringBack)}>
        {words.bringBack}
      </Menu.Item>
    ),
  ].filter(Boolean);
  if (items.length === 0) return null;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={words.menu(take.number)}>
            <IconDots size={16} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>{items}</Menu.Dropdown>
      </Menu>
      {doing === "edit" && (
        <TakeDialog take={take} movements={movements} onClose={() => setDoing(null)} />
      )}
      <ReasonDialog
        title={words.excludeTitle(take.number)}
        text={words.excludeText}
        action={words.exclude}
        opened={doing === "exclude"}
        onClose={() => setDoing(null)}
        onConfirm={async (reason) => {
          await api.POST("/api/v1/takes/{take_id}/exclude", { ...path, body: { reason } });
          await refresh();
          notifyUndo(words.excluded, include);
        }}
      />
      <ReasonDialog
        title={words.voidTitle(take.number)}
        text={words.voidText}
        action={words.void}
        opened={doing === "void"}
        onClose={() => setDoing(null)}
        onConfirm={async (reason) => {
          await api.POST("/api/v1/takes/{take_id}/void", { ...path, body: { reason } });
          await refresh();
          notifyUndo(words.voided, bringBack);
        }}
      />
    </>
  );
}
