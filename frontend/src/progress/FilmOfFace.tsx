// The film of the front camera, or of whichever there is, running with its face.

import { Text } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { query } from "../api/client";
import { t } from "../messages/all";
import classes from "./Faces.module.css";
import type { OpenedFace } from "./useFacePair";

const VIEWS = ["center", "left", "right"] as const;

export function FilmOfFace({ face }: { face: OpenedFace }) {
  const element = useRef<HTMLVideoElement>(null);
  const [failed, setFailed] = useState(false);
  const take = query.useQuery("get", "/api/v1/takes/{take_id}", {
    params: { path: { take_id: face.analysis.take_id } },
  });
  const recordingId = take.data?.recording_id ?? "";
  const recording = query.useQuery(
    "get",
    "/api/v1/recordings/{recording_id}",
    { params: { path: { recording_id: recordingId } } },
    { enabled: recordingId !== "" },
  );
  const films = recording.data?.views.filter((one) => one.has_video).map((one) => one.view) ?? [];
  const view = VIEWS.find((one) => films.includes(one));
  const offsetS = (view && face.analysis.summary.views[view]?.sync_offset_s) ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the element is there with its view
  useEffect(() => {
    if (element.current) return face.player.attach(element.current, offsetS);
  }, [face, offsetS, view]);
  if (!view) return null;
  if (failed) {
    return (
      <Text size="xs" c="dimmed">
        {t.viewer.videoFailed}
      </Text>
    );
  }
  return (
    <video
      ref={element}
      className={classes.video}
      src={`/api/v1/recordings/${recordingId}/views/${view}/video`}
      muted
      playsInline
      preload="auto"
      aria-label={t.clinical.views[view]}
      onError={() => setFailed(true)}
    />
  );
}
