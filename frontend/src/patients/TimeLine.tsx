import { useElementSize } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "../api/client";
import { formatDay, formatMonth, today } from "../kit/formats";
import { t } from "../messages";
import { type Happening, marks, type Placed, place, scaleOf } from "./layout";
import styles from "./timeline.module.css";

interface Item extends Happening {
  kind: "visit" | "onset" | "event";
  words: string;
  /** A visit that may be gone to. */
  signed?: boolean;
}

const LANE_PX = 24;
const EDGE_PX = 8;
const LABELS_PX = 20;
const WORDS_PX = 170;
const MARK_EVERY_PX = 90;
const MARK_WORDS_PX = 64;

/** Visits above the line, events below it, all to one scale; the tables beside say the same. */
export function TimeLine({
  visits,
  episodes,
  events,
}: {
  visits: Schemas["VisitRead"][];
  episodes: Schemas["EpisodeRead"][];
  events: Schemas["EventRead"][];
}) {
  const { ref, width } = useElementSize();
  const above: Item[] = visits
    .filter((visit) => visit.voided_at === null)
    .map((visit) => ({
      id: visit.id,
      day: visit.visited_on,
      kind: "visit",
      signed: visit.state === "signed",
      words: visit.title || formatDay(visit.visited_on),
    }));
  const below: Item[] = [
    ...episodes
      .filter((episode) => episode.voided_at === null && episode.onset_on !== null)
      .map(
        (episode): Item => ({
          id: episode.id,
          day: episode.onset_on ?? "",
          kind: "onset",
          words: `${t.patients.timeline.onset}: ${episode.cause}`,
        }),
      ),
    ...events
      .filter((event) => event.voided_at === null)
      .map(
        (event): Item => ({
          id: event.id,
          day: event.happened_on,
          kind: "event",
          words: event.title,
        }),
      ),
  ];
  const days = [...above, ...below].map((item) => item.day);
  if (days.length === 0) return null;
  const now = today();
  const scale = scaleOf([...days, now]);
  const gap = width > 0 ? WORDS_PX / width : 1;
  const upper = place(above, scale, gap);
  const lower = place(below, scale, gap);
  const lanes = (placed: Placed<Item>[]) => Math.max(1, ...placed.map((one) => one.lane + 1));
  const axis = EDGE_PX + lanes(upper) * LANE_PX + 4;
  const height = axis + 8 + lanes(lower) * LANE_PX + LABELS_PX + EDGE_PX;
  const percent = (at: number) => `${(at * 100).toFixed(3)}%`;

  const put = (placed: Placed<Item>[], topOf: (lane: number) => number) =>
    placed.map(({ item, at, lane }) => {
      const top = topOf(lane);
      const middle = top + LANE_PX / 2;
      const inner = (
        <>
          <span
            className={styles.dot}
            data-kind={item.kind === "visit" ? (item.signed ? "signed" : "open") : item.kind}
          />
          <span className={styles.words}>{item.words}</span>
        </>
      );
      const shared = {
        className: styles.mark,
        style: { left: percent(at), top },
        title: `${formatDay(item.day)}: ${item.words}`,
        "data-flip": at > 1 - gap ? true : undefined,
      };
      return (
        <div key={item.id}>
          <span
            className={styles.stem}
            style={{
              left: percent(at),
              top: Math.min(middle, axis),
              height: Math.abs(axis - middle),
            }}
          />
          {item.kind === "visit" ? (
            <Link to="/visits/$visitId" params={{ visitId: item.id }} {...shared}>
              {inner}
            </Link>
          ) : (
            <span {...shared}>{inner}</span>
          )}
        </div>
      );
    });

  return (
    <section
      ref={ref}
      className={styles.frame}
      style={{ height }}
      aria-label={t.patients.timeline.label}
    >
      {marks(scale, Math.max(2, Math.floor(width / MARK_EVERY_PX))).map((mark) => (
        <span key={mark.day}>
          <span className={styles.tick} style={{ left: percent(mark.at) }} />
          {mark.at * width < width - MARK_WORDS_PX && (
            <span className={styles.tickLabel} style={{ left: percent(mark.at) }}>
              {formatMonth(mark.day)}
            </span>
          )}
        </span>
      ))}
      <span
        className={styles.today}
        style={{ left: percent(scale.at(now)) }}
        title={t.patients.timeline.today}
      />
      <span className={styles.axis} style={{ top: axis }} />
      {width > 0 && (
        <>
          {put(upper, (lane) => EDGE_PX + (lanes(upper) - 1 - lane) * LANE_PX)}
          {put(lower, (lane) => axis + 8 + lane * LANE_PX)}
        </>
      )}
    </section>
  );
}
