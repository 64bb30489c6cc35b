// The keys of the take's page; they stand in the help sheet while the page is shown.

import { useShortcuts } from "../kit/shortcuts";
import { t } from "../messages/all";
import { type FaceViewer, LAYERS, type Player, type Span, VIEWS } from "../viewer";

/** Letters: digits with Shift are other signs on other keyboards. */
export const LAYER_KEYS = {
  asymmetry: "Q",
  displacement: "E",
  uncertainty: "U",
  plain: "N",
} as const;

export function useTakeShortcuts({
  player,
  viewer,
  loopTo,
  onPicture,
}: {
  player: Player | null;
  viewer: FaceViewer | null;
  loopTo: Span | null;
  onPicture: () => void;
}): void {
  const settings = () => viewer?.snapshot().settings;
  useShortcuts(t.viewer.title, [
    { keys: "Space", label: t.viewer.playOrPause, run: () => player?.toggle() },
    { keys: "K", label: t.viewer.playOrPause, run: () => player?.toggle() },
    { keys: "ArrowLeft", label: t.viewer.stepBack, run: () => player?.step(-1) },
    { keys: "ArrowRight", label: t.viewer.stepForward, run: () => player?.step(1) },
    { keys: "shift+ArrowLeft", label: t.viewer.stepsBack, run: () => player?.step(-10) },
    { keys: "shift+ArrowRight", label: t.viewer.stepsForward, run: () => player?.step(10) },
    { keys: "J", label: t.viewer.playSlower, run: () => player?.nudgeSpeed(-1) },
    {
      keys: "L",
      label: t.viewer.playForward,
      run: () => {
        if (player?.snapshot().playing) player.nudgeSpeed(1);
        else player?.play();
      },
    },
    {
      keys: "O",
      label: t.viewer.loop,
      run: () => player?.setLoop(player.snapshot().loop ? null : (loopTo ?? player.range)),
    },
    ...VIEWS.map((view, i) => ({
      keys: String(i + 1),
      label: t.viewer.views[view],
      run: () => viewer?.scene.view(view),
    })),
    ...LAYERS.map((layer) => ({
      keys: LAYER_KEYS[layer],
      label: t.viewer.layers[layer],
      run: () => viewer?.set({ layer }),
    })),
    {
      keys: "G",
      label: t.viewer.ghost,
      run: () => viewer?.set({ ghost: !settings()?.ghost }),
    },
    {
      keys: "V",
      label: t.viewer.vectors,
      run: () => viewer?.set({ vectors: settings()?.vectors === "off" ? "points" : "off" }),
    },
    {
      keys: "R",
      label: t.viewer.outlines,
      run: () => viewer?.set({ outlines: !settings()?.outlines }),
    },
    {
      keys: "C",
      label: t.viewer.calliper,
      run: () => {
        viewer?.clearCalliper();
        viewer?.set({ tool: settings()?.tool === "calliper" ? "look" : "calliper" });
      },
    },
    { keys: "A", label: t.viewer.turnLeft, run: () => viewer?.scene.orbit(-10, 0) },
    { keys: "D", label: t.viewer.turnRight, run: () => viewer?.scene.orbit(10, 0) },
    { keys: "W", label: t.viewer.turnUp, run: () => viewer?.scene.orbit(0, 10) },
    { keys: "S", label: t.viewer.turnDown, run: () => viewer?.scene.orbit(0, -10) },
    { keys: "Z", label: t.viewer.zoomIn, run: () => viewer?.scene.zoom(0.85) },
    { keys: "shift+Z", label: t.viewer.zoomOut, run: () => viewer?.scene.zoom(1.18) },
    { keys: "P", label: t.viewer.screenshot, run: onPicture },
  ]);
}
