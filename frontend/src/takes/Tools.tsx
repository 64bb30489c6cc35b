// The viewer's tool bar: what is coloured, what is drawn over it, where one looks from.

import { Box, Divider, Group, Menu, NativeSelect, Switch, Text } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { formatNumber } from "../kit/formats";
import { IconCamera, IconChevronDown, IconMinus, IconPlus, IconRulerMeasure } from "../kit/icons";
import { t } from "../messages/all";
import { ASYMMETRY_LIMITS_MM, type FaceViewer, LAYERS, type Side, VIEWS } from "../viewer";
import { ToolButton } from "./ToolButton";
import classes from "./Tools.module.css";
import { LAYER_KEYS } from "./useTakeShortcuts";

const MAGNITUDES_MM = [2, 5, 10, 20] as const;
const CLIP_RANGE_MM = { x: [-80, 80], y: [-140, 90], z: [-120, 30] } as const;

export function Tools({
  viewer,
  onScreenshot,
  affectedSide,
}: {
  viewer: FaceViewer;
  onScreenshot: () => void;
  affectedSide: string | null;
}) {
  const { settings } = useSyncExternalStore(viewer.subscribe, viewer.snapshot);
  const { layer, clip } = settings;
  return (
    <Box className={classes.tools} role="toolbar" aria-label={t.viewer.tools}>
      <Group gap={4} wrap="nowrap">
        {LAYERS.map((one) => (
          <ToolButton
            key={one}
            label={t.viewer.layers[one]}
            keys={LAYER_KEYS[one]}
            pressed={layer === one}
            onClick={() => viewer.set({ layer: one })}
          />
        ))}
        <Limit viewer={viewer} />
      </Group>
      <Group gap={4} wrap="nowrap">
        <ToolButton
          label={t.viewer.ghost}
          keys="G"
          pressed={settings.ghost}
          onClick={() => viewer.set({ ghost: !settings.ghost })}
        />
        <ToolButton
          label={t.viewer.vectors}
          keys="V"
          pressed={settings.vectors !== "off"}
          onClick={() => viewer.set({ vectors: settings.vectors === "off" ? "points" : "off" })}
        />
        <ToolButton
          label={t.viewer.outlines}
          keys="R"
          pressed={settings.outlines}
          onClick={() => viewer.set({ outlines: !settings.outlines })}
        />
        <ToolButton
          label={t.viewer.calliper}
          keys="C"
          icon={<IconRulerMeasure size={16} aria-hidden />}
          pressed={settings.tool === "calliper"}
          onClick={() => {
            viewer.clearCalliper();
            viewer.set({ tool: settings.tool === "calliper" ? "look" : "calliper" });
          }}
        />
        <Menu position="bottom-end" closeOnItemClick={false} width={290}>
          <Menu.Target>
            <button type="button" className={classes.more}>
              {t.viewer.more} <IconChevronDown size={12} aria-hidden />
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            <Box p="xs" className={classes.settings}>
              <NativeSelect
                size="xs"
                label={t.viewer.healthySide}
                description={
                  affectedSide === "left" || affectedSide === "right"
                    ? t.viewer.healthyFromRecord(t.clinical.sides[affectedSide] ?? affectedSide)
                    : t.viewer.healthyUnknown
                }
                value={settings.healthySide}
                onChange={(event) => viewer.set({ healthySide: event.currentTarget.value as Side })}
                data={[
                  { value: "left", label: t.viewer.leftOverRight },
                  { value: "right", label: t.viewer.rightOverLeft },
                ]}
              />
              <NativeSelect
                size="xs"
                label={t.viewer.vectors}
                value={settings.vectors}
                onChange={(event) =>
                  viewer.set({
                    vectors: event.currentTarget.value as typeof settings.vectors,
                  })
                }
                data={[
                  { value: "off", label: t.viewer.vectorsOff },
                  { value: "points", label: t.viewer.vectorsPoints },
                  { value: "regions", label: t.viewer.vectorsRegions },
                ]}
              />
              <Switch
                size="xs"
                label={t.viewer.magnify}
                checked={settings.magnification > 1}
                onChange={(event) =>
                  viewer.set({ magnification: event.currentTarget.checked ? 3 : 1 })
                }
              />
              <NativeSelect
                size="xs"
                label={t.viewer.clip}
                value={clip.axis ?? ""}
                onChange={(event) => {
                  const axis = (event.currentTarget.value || null) as typeof clip.axis;
                  viewer.set({ clip: { axis, atMm: axis === "y" ? -40 : axis === "z" ? 0 : 0 } });
                }}
                data={[
                  { value: "", label: t.viewer.clipOff },
                  { value: "x", label: t.viewer.clipX },
                  { value: "y", label: t.viewer.clipY },
                  { value: "z", label: t.viewer.clipZ },
                ]}
              />
              {clip.axis && (
                <label className={classes.slider}>
                  <Text size="xs" className="numbers">
                    {t.viewer.clipAt(formatNumber(clip.atMm, 0))}
                  </Text>
                  <input
                    type="range"
                    min={CLIP_RANGE_MM[clip.axis][0]}
                    max={CLIP_RANGE_MM[clip.axis][1]}
                    value={clip.atMm}
                    onChange={(event) =>
                      viewer.set({
                        clip: { axis: clip.axis, atMm: Number(event.currentTarget.value) },
                      })
                    }
                  />
                </label>
              )}
            </Box>
          </Menu.Dropdown>
        </Menu>
        <ToolButton
          label={t.viewer.screenshot}
          keys="P"
          icon={<IconCamera size={16} aria-hidden />}
          onClick={onScreenshot}
        />
      </Group>
    </Box>
  );
}

/** Where one looks from, and nearer and further; stands at the side of the picture. */
export function ViewButtons({ viewer }: { viewer: FaceViewer }) {
  return (
    <Box className={classes.views} role="toolbar" aria-label={t.viewer.lookFrom}>
      {VIEWS.map((view, i) => (
        <ToolButton
          key={view}
          label={t.viewer.views[view]}
          keys={String(i + 1)}
          onClick={() => viewer.scene.view(view)}
        >
          {t.viewer.viewsShort[view]}
        </ToolButton>
      ))}
      <Divider my={2} />
      <ToolButton
        label={t.viewer.zoomIn}
        keys="Z"
        icon={<IconPlus size={14} aria-hidden />}
        onClick={() => viewer.scene.zoom(0.85)}
      />
      <ToolButton
        label={t.viewer.zoomOut}
        keys="Shift+Z"
        icon={<IconMinus size={14} aria-hidden />}
        onClick={() => viewer.scene.zoom(1.18)}
      />
    </Box>
  );
}

function Limit({ viewer }: { viewer: FaceViewer }) {
  const { settings } = useSyncExternalStore(viewer.subscribe, viewer.snapshot);
  const { layer } = settings;
  if (layer !== "asymmetry" && layer !== "displacement" && layer !== "uncertainty") return null;
  const key = `${layer}LimitMm` as const;
  const signed = layer === "asymmetry";
  return (
    <NativeSelect
      size="xs"
      className={classes.limit}
      aria-label={t.viewer.range}
      value={String(settings[key])}
      onChange={(event) => viewer.set({ [key]: Number(event.currentTarget.value) })}
      data={(signed ? ASYMMETRY_LIMITS_MM : MAGNITUDES_MM).map((limit) => ({
        value: String(limit),
        label: signed ? `±${limit} mm` : `0–${limit} mm`,
      }))}
    />
  );
}
