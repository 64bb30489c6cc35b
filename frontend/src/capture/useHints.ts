// Keeps asking the detector about what the cameras see; one question at a time for each.

import { type RefObject, useEffect, useState } from "react";
import type { HintName } from "./detector";
import type { Answer, Question } from "./detectWorker";
import type { View } from "./sending";

const EVERY_MS = 350;

export type Hint = HintName | "loading" | "failed";

export function useHints(
  videos: RefObject<Partial<Record<View, HTMLVideoElement | null>>>,
  active: boolean,
): Partial<Record<View, Hint>> {
  const [hints, setHints] = useState<Partial<Record<View, Hint>>>({});
  useEffect(() => {
    if (!active) return;
    const worker = new Worker(new URL("./detectWorker.ts", import.meta.url), { type: "module" });
    const asked = new Set<string>();
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      asked.delete(data.view);
      setHints((before) => ({ ...before, [data.view]: "failed" in data ? "failed" : data.hint }));
    };
    worker.onerror = () => {
      for (const view of Object.keys(videos.current)) {
        setHints((before) => ({ ...before, [view]: "failed" }));
      }
    };
    const ask = async () => {
      for (const [view, video] of Object.entries(videos.current)) {
        if (!video || video.readyState < 2 || asked.has(view)) continue;
        asked.add(view);
        const picture = await createImageBitmap(video).catch(() => null);
        if (!picture) {
          asked.delete(view);
          continue;
        }
        const question: Question = { view, picture, front: view === "center" };
        worker.postMessage(question, [picture]);
      }
    };
    const timer = setInterval(ask, EVERY_MS);
    return () => {
      clearInterval(timer);
      worker.terminate();
    };
  }, [videos, active]);
  return hints;
}
