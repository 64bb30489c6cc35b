// The time line of a long recording: takes as blocks whose edges move by pointer and by keys.

import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { formatClock } from "../kit/formats";
import { t } from "../messages/all";
import classes from "./CutLine.module.css";
import { type Cut, type Edge, moved } from "./cuts";

const STEP_S = 0.1;
const LEAP_S = 1;

export function CutLine({
  cuts,
  lengthS,
  atS,
  titleOf,
  onCuts,
  onSeek,
}: {
  cuts: Cut[];
  lengthS: number;
  atS: number;
  titleOf: (movement: string) => string;
  onCuts: (cuts: Cut[]) => void;
  onSeek: (seconds: number) => void;
}) {
  const line = useRef<HTMLElement>(null);
  const share = (seconds: number) => `${(100 * seconds) / lengthS}%`;
  const secondsAt = (event: PointerEvent) => {
    const box = line.current?.getBoundingClientRect();
    if (!box || box.width === 0) return 0;
    return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * lengthS;
  };
  const move = (cut: Cut, edge: Edge, toS: number) => {
    const next = moved(cuts, cut.id, edge, toS, lengthS);
    onCuts(next);
    const now = next.find((one) => one.id === cut.id);
    if (now) onSeek(edge === "start" ? now.startS : now.endS);
  };
  const press = (cut: Cut, edge: Edge) => (event: KeyboardEvent) => {
    const fromS = edge === "start" ? cut.startS : cut.endS;
    const step = event.shiftKey ? LEAP_S : STEP_S;
    const steps: Record<string, number> = {
      ArrowLeft: fromS - step,
      ArrowDown: fromS - step,
      ArrowRight: fromS + step,
      ArrowUp: fromS + step,
      PageDown: fromS - 5,
      PageUp: fromS + 5,
    };
    const toS = steps[event.key];
    if (toS === undefined) return;
    event.preventDefault();
    move(cut, edge, toS);
  };
  const edges = cuts
    .filter((cut) => !cut.takeId)
    .flatMap((cut) => (["start", "end"] as const).map((edge) => ({ cut, edge })));
  return (
    <section
      ref={line}
      className={classes.line}
      aria-label={t.capture.whole.line}
      onPointerDown={(event) => onSeek(secondsAt(event))}
    >
      {cuts.map((cut) => (
        <div
          key={cut.id}
          className={classes.cut}
          data-made={cut.takeId !== undefined || undefined}
          style={{ left: share(cut.startS), width: share(cut.endS - cut.startS) }}
          title={titleOf(cut.movement)}
        >
          {titleOf(cut.movement)}
        </div>
      ))}
      {edges.map(({ cut, edge }) => {
        const seconds = edge === "start" ? cut.startS : cut.endS;
        return (
          <div
            key={`${cut.id}-${edge}`}
            className={classes.edge}
            // Neighbours may touch: each handle stands on its own side of the edge.
            style={{ left: `calc(${share(seconds)} ${edge === "start" ? "+" : "-"} 6px)` }}
            role="slider"
            tabIndex={0}
            aria-label={t.capture.whole.edge[edge](titleOf(cut.movement))}
            aria-valuemin={0}
            aria-valuemax={lengthS}
            aria-valuenow={seconds}
            aria-valuetext={formatClock(seconds, true)}
            onKeyDown={press(cut, edge)}
            onPointerDown={(event) => {
              event.stopPropagation();
              event.currentTarget.setPointerCapture(event.pointerId);
            }}
            onPointerMove={(event) => {
              if (event.currentTarget.hasPointerCapture(event.pointerId)) {
                move(cut, edge, secondsAt(event));
              }
            }}
          />
        );
      })}
      <div className={classes.head} style={{ left: share(Math.min(atS, lengthS)) }} />
    </section>
  );
}
