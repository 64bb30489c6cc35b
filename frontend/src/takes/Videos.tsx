import { Box, Text } from "@mantine/core";
import { type RefObject, useEffect, useRef, useState } from "react";
import type { Schemas } from "../api/client";
import { t } from "../messages/all";
import type { Player } from "../viewer";
import classes from "./Videos.module.css";

export type View = Schemas["View"];

/** As they stand around the patient, seen from the front: the right camera is on the left. */
export const VIEW_ORDER: readonly View[] = ["right", "center", "left"];

export type VideoRefs = Record<View, RefObject<HTMLVideoElement | null>>;

/** The references that videos are put into, for whoever draws on them. */
export function useVideoRefs(): VideoRefs {
  return {
    left: useRef<HTMLVideoElement>(null),
    center: useRef<HTMLVideoElement>(null),
    right: useRef<HTMLVideoElement>(null),
  };
}

export interface ShownVideo {
  view: View;
  href: string;
  /** Seconds to add to the video's time to get the clock's. */
  offsetS: number;
  /** Show all of it; films as recorded are cut to the middle, where the face is. */
  whole: boolean;
}

/** The videos of a take, running with the player. */
export function Videos({
  videos,
  player,
  refs,
}: {
  videos: ShownVideo[];
  player: Player;
  refs: VideoRefs;
}) {
  return (
    <Box className={classes.column}>
      {videos.map((video) => (
        <Video key={video.view} {...video} player={player} element={refs[video.view]} />
      ))}
    </Box>
  );
}

function Video({
  view,
  href,
  offsetS,
  whole,
  player,
  element,
}: ShownVideo & { player: Player; element: RefObject<HTMLVideoElement | null> }) {
  const [failed, setFailed] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another address is another film
  useEffect(() => {
    setFailed(false);
    if (!element.current) return;
    return player.attach(element.current, offsetS);
  }, [player, offsetS, href, element]);
  return (
    <figure className={classes.figure}>
      <Box className={classes.screen}>
        <video
          ref={element}
          src={href}
          muted
          playsInline
          preload="auto"
          className={classes.video}
          data-whole={whole || undefined}
          aria-label={t.clinical.views[view]}
          onError={() => setFailed(true)}
        />
        {failed && (
          <Box className={classes.failed}>
            <Text size="xs">{t.viewer.videoFailed}</Text>
          </Box>
        )}
      </Box>
      <figcaption className={classes.caption}>{t.clinical.views[view]}</figcaption>
    </figure>
  );
}
