// One clock for the 3D face and up to three videos: play, step, loop, speed; it draws nothing.

import { frameAt } from "./phases";

export const SPEEDS = [0.1, 0.25, 0.5, 1, 1.5, 2] as const;

export interface PlayerState {
  timeS: number;
  /** The frame of the stream that is shown at `timeS`. */
  frame: number;
  playing: boolean;
  /** It would play, but a picture is not there yet. */
  waiting: boolean;
  speed: number;
  loop: Span | null;
}

export interface Span {
  fromS: number;
  toS: number;
}

/** Where time and animation frames come from; tests bring their own. */
export interface Ticker {
  now: () => number;
  request: (callback: () => void) => number;
  cancel: (id: number) => void;
}

const SCREEN: Ticker = {
  now: () => performance.now(),
  request: (callback) => requestAnimationFrame(callback),
  cancel: (id) => cancelAnimationFrame(id),
};

/** A video further than this from the clock is set anew; nearer ones run faster or slower. */
const JUMP_S = 0.25;
const NEAR_S = 0.012;
/** How long the clock waits for a picture that does not come. */
const PATIENCE_MS = 3000;
/** After a longer pause of the browser (a hidden tab) the clock goes on from where it was. */
const LONGEST_STEP_S = 1;

interface Watched {
  video: HTMLVideoElement;
  /** Seconds to add to the video's time to get the clock's. */
  offsetS: number;
  /** Clock time minus the time of the picture on the screen, when it was shown. */
  drift: number;
  stop: () => void;
}

export class Player {
  readonly timeS: readonly number[];
  /** The part of the stream that may be played. */
  readonly range: Span;
  private state: PlayerState;
  private readonly listeners = new Set<() => void>();
  private readonly videos = new Set<Watched>();
  private readonly holds = new Map<object, number>();
  private readonly ticker: Ticker;
  private last = 0;
  private pending: number | null = null;
  private leaving: (() => void) | null = null;

  constructor(
    timeS: readonly number[],
    frames?: { first: number; last: number },
    ticker: Ticker = SCREEN,
  ) {
    this.timeS = timeS;
    this.ticker = ticker;
    const first = timeS[Math.max(0, frames?.first ?? 0)] ?? 0;
    const last = timeS[Math.min(timeS.length - 1, frames?.last ?? timeS.length - 1)] ?? first;
    this.range = { fromS: first, toS: last };
    this.state = {
      timeS: first,
      frame: frameAt(timeS, first),
      playing: false,
      waiting: false,
      speed: 1,
      loop: null,
    };
  }

  /** For `useSyncExternalStore`: the present state, a new object after each change. */
  snapshot = (): PlayerState => this.state;

  /** Call `listener` after every change; returns how to stop. */
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  play(): void {
    if (this.state.playing) return;
    const { toS, fromS } = this.state.loop ?? this.range;
    const ended = this.state.timeS >= toS - 1e-6 || this.state.timeS < fromS;
    this.last = this.ticker.now();
    this.change({ playing: true, ...(ended ? this.at(fromS) : {}) });
    for (const watched of this.videos) this.align(watched, true);
    this.tick();
  }

  pause(): void {
    if (!this.state.playing) return;
    if (this.pending !== null) this.ticker.cancel(this.pending);
    this.pending = null;
    // Rest on a frame, so that what is read is what is shown.
    this.change({
      playing: false,
      waiting: false,
      ...this.at(this.timeS[this.state.frame] ?? this.state.timeS),
    });
    for (const watched of this.videos) this.align(watched, true);
  }

  toggle(): void {
    if (this.state.playing) this.pause();
    else this.play();
  }

  seek(timeS: number): void {
    const inside = Math.min(this.range.toS, Math.max(this.range.fromS, timeS));
    this.change(this.at(inside));
    for (const watched of this.videos) this.align(watched, true);
  }

  seekFrame(frame: number): void {
    const inside = Math.min(this.timeS.length - 1, Math.max(0, Math.round(frame)));
    this.seek(this.timeS[inside] ?? 0);
  }

  /** Forward or back by some frames; playing stops. */
  step(frames: number): void {
    this.pause();
    this.seekFrame(this.state.frame + frames);
  }

  setSpeed(speed: number): void {
    this.change({ speed: Math.min(2, Math.max(0.1, speed)) });
  }

  /** The next slower or faster of the usual speeds. */
  nudgeSpeed(direction: 1 | -1): void {
    const sorted = direction > 0 ? SPEEDS : [...SPEEDS].reverse();
    const next = sorted.find((speed) =>
      direction > 0 ? speed > this.state.speed + 1e-6 : speed < this.state.speed - 1e-6,
    );
    if (next) this.setSpeed(next);
  }

  /** Play this span again and again, or (null) the take once. */
  setLoop(span: Span | null): void {
    this.change({ loop: span });
    if (span && (this.state.timeS < span.fromS || this.state.timeS > span.toS)) {
      this.seek(span.fromS);
    }
  }

  /** The clock stands still while somebody holds it: a picture that is not there yet. */
  hold(who: object, yes: boolean): void {
    if (!yes) this.holds.delete(who);
    else if (!this.holds.has(who)) this.holds.set(who, this.ticker.now());
  }

  /** Let a video run with the clock; its time plus `offsetS` is the clock's. Returns the way out. */
  attach(video: HTMLVideoElement, offsetS: number): () => void {
    const watched: Watched = { video, offsetS, drift: 0, stop: () => undefined };
    video.muted = true;
    const ready = () => this.align(watched, true);
    video.addEventListener("loadedmetadata", ready);
    let callback = 0;
    const watch = () => {
      callback = video.requestVideoFrameCallback((_now, meta) => {
        watched.drift = this.state.timeS - (meta.mediaTime + watched.offsetS);
        watch();
      });
    };
    // What the screen shows is known by the frame; elsewhere by the element's own clock.
    if ("requestVideoFrameCallback" in video) watch();
    watched.stop = () => {
      video.removeEventListener("loadedmetadata", ready);
      if (callback) video.cancelVideoFrameCallback(callback);
      video.pause();
    };
    this.videos.add(watched);
    this.align(watched, true);
    return () => {
      watched.stop();
      this.videos.delete(watched);
    };
  }

  /**
   * Go where another player goes, through a map of its time to this one's (`timeMap`). Playing,
   * seeking and speed are then the leader's business. Returns the way out.
   */
  follow(leader: Player, map: (timeS: number) => number): () => void {
    this.leaving?.();
    this.pause();
    const go = () => {
      const now = leader.snapshot();
      const timeS = Math.min(this.range.toS, Math.max(this.range.fromS, map(now.timeS)));
      const slope = Math.abs(map(now.timeS + 0.05) - map(now.timeS)) / 0.05;
      const jumped = !now.playing || Math.abs(timeS - this.state.timeS) > JUMP_S;
      this.change({
        ...this.at(timeS),
        playing: now.playing,
        waiting: now.waiting,
        speed: now.speed * Math.min(4, Math.max(0.25, slope || 1)),
        loop: null,
      });
      for (const watched of this.videos) this.align(watched, jumped);
    };
    const stop = leader.subscribe(go);
    go();
    this.leaving = () => {
      stop();
      this.leaving = null;
      this.change({ playing: false, waiting: false, speed: 1 });
      for (const watched of this.videos) watched.video.pause();
    };
    return this.leaving;
  }

  /** Stop everything; videos are let go of. */
  dispose(): void {
    this.leaving?.();
    if (this.pending !== null) this.ticker.cancel(this.pending);
    this.pending = null;
    for (const { stop } of this.videos) stop();
    this.videos.clear();
    this.listeners.clear();
  }

  private at(timeS: number): Pick<PlayerState, "timeS" | "frame"> {
    return { timeS, frame: frameAt(this.timeS, timeS) };
  }

  private change(part: Partial<PlayerState>): void {
    this.state = { ...this.state, ...part };
    for (const listener of [...this.listeners]) listener();
  }

  private readonly tick = (): void => {
    this.pending = null;
    if (!this.state.playing) return;
    const now = this.ticker.now();
    const passed = Math.min(LONGEST_STEP_S, (now - this.last) / 1000);
    this.last = now;
    const waiting = this.isHeld(now);
    if (waiting) {
      if (!this.state.waiting) this.change({ waiting });
    } else {
      this.advance(passed * this.state.speed);
    }
    for (const watched of this.videos) this.align(watched, false);
    if (this.state.playing) this.pending = this.ticker.request(this.tick);
  };

  private advance(byS: number): void {
    const { loop, timeS } = this.state;
    const { fromS, toS } = loop ?? this.range;
    const next = timeS + byS;
    if (next <= toS) {
      this.change({ waiting: false, ...this.at(next) });
    } else if (loop) {
      this.change({ waiting: false, ...this.at(fromS) });
      for (const watched of this.videos) this.align(watched, true);
    } else {
      this.change({ ...this.at(toS) });
      this.pause();
    }
  }

  private isHeld(now: number): boolean {
    for (const since of this.holds.values()) {
      if (now - since < PATIENCE_MS) return true;
    }
    return false;
  }

  /** Bring a video to the clock: set it anew, or let it run a little faster or slower. */
  private align(watched: Watched, exactly: boolean): void {
    const { video, offsetS } = watched;
    if (video.readyState < 1 || video.error) return;
    const { timeS, playing, waiting, speed } = this.state;
    const wanted = timeS - offsetS;
    const inside = wanted >= 0 && wanted <= (video.duration || 0);
    const seconds = Math.min(Math.max(0, wanted), video.duration || 0);
    if (!playing || waiting || !inside) {
      if (!video.paused) video.pause();
      // A little into the frame: the file's clock is rounded.
      const target = Math.min(seconds + 0.002, video.duration || 0);
      if (Math.abs(video.currentTime - target) > 0.001) video.currentTime = target;
      return;
    }
    const known = "requestVideoFrameCallback" in video && !exactly && !video.paused;
    const drift = known ? watched.drift : wanted - video.currentTime;
    if (exactly || Math.abs(drift) > JUMP_S) {
      if (Math.abs(wanted - video.currentTime) > NEAR_S) video.currentTime = seconds;
      watched.drift = 0;
      video.playbackRate = Math.max(0.0625, speed);
    } else {
      const nudge = Math.abs(drift) > NEAR_S ? Math.min(0.15, Math.max(-0.15, drift * 1.5)) : 0;
      const rate = Math.max(0.0625, speed * (1 + nudge));
      if (Math.abs(video.playbackRate - rate) > 0.005) video.playbackRate = rate;
    }
    // Refused while the page is in the background; the next tick tries again.
    if (video.paused) video.play().catch(() => undefined);
  }
}
