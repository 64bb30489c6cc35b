// Two takes opened side by side: their meshes, and players of which one follows the other.

import { useEffect, useState } from "react";
import { api, type Schemas } from "../api/client";
import { FaceData, MeshStream, Player, timeMap } from "../viewer";
import type { PhaseAnchor } from "./phase";

type Brief = Schemas["AnalysisBrief"];

export interface OpenedFace {
  analysis: Schemas["AnalysisRead"];
  data: FaceData;
  player: Player;
}

export interface FacePair {
  before: OpenedFace;
  after: OpenedFace;
  difference: MeshStream;
  /** The moments of the movement that both takes have. */
  anchors: PhaseAnchor[];
}

async function opened(brief: Brief, signal: AbortSignal): Promise<OpenedFace> {
  const { data: analysis } = await api.GET("/api/v1/analyses/{analysis_id}", {
    params: { path: { analysis_id: brief.id } },
    signal,
  });
  if (!analysis) throw new Error("an answer without a body");
  const [span] = analysis.summary.takes;
  const first = span?.first_frame ?? 0;
  const data = await FaceData.open(analysis.id, {
    topologyId: analysis.topology_id,
    firstFrame: first,
    signal,
  });
  const player = new Player(data.meshes.header.timeS, {
    first,
    last: span?.last_frame ?? data.meshes.header.frames - 1,
  });
  return { analysis, data, player };
}

/** Open both takes of a movement; the later one follows the earlier one by phase. */
export function useFacePair(
  before: Brief,
  after: Brief,
): { pair: FacePair | null; error: unknown; retry: () => void } {
  const [pair, setPair] = useState<FacePair | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt opens anew
  useEffect(() => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const made: { close: () => void }[] = [];
    const keep = (face: OpenedFace) => {
      made.push({
        close: () => {
          face.player.dispose();
          face.data.close();
        },
      });
      return face;
    };
    const open = async () => {
      const ids = { before: before.id, after: after.id };
      const [one, other, phases, difference] = await Promise.all([
        opened(before, signal).then(keep),
        opened(after, signal).then(keep),
        api.GET("/api/v1/comparisons/phases", { params: { query: ids }, signal }),
        MeshStream.openFile(
          `/api/v1/comparisons/displacement?before=${before.id}&after=${after.id}`,
          signal,
        ),
      ]);
      made.push(difference);
      if (signal.aborted) return;
      const anchors = phases.data?.anchors ?? [];
      const moments = anchors.map(({ before_s, after_s }) => ({ from: before_s, to: after_s }));
      other.player.follow(one.player, timeMap(moments));
      // Begin at the height of the movement, where there is something to see.
      const peak = anchors.find((anchor) => anchor.phase === "peak");
      one.player.seek(peak?.before_s ?? one.player.range.fromS);
      setPair({ before: one, after: other, difference, anchors });
    };
    open().catch((problem: unknown) => {
      if (!signal.aborted) setError(problem);
    });
    return () => {
      leaving.abort();
      for (const one of made) one.close();
      setPair(null);
      setError(null);
    };
  }, [before.id, after.id, attempt]);
  return { pair, error, retry: () => setAttempt((n) => n + 1) };
}
