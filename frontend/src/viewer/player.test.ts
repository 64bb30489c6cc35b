import { beforeEach, describe, expect, it } from "vitest";
import { frameAt, frameStep, timeMap } from "./phases";
import { Player, type Ticker } from "./player";

const timeS = Array.from({ length: 31 }, (_, i) => i / 10);

/** A clock that stands until the test moves it. */
class TestClock implements Ticker {
  ms = 0;
  private waiting: (() => void) | null = null;

  now = () => this.ms;
  request = (callback: () => void) => {
    this.waiting = callback;
    return 1;
  };
  cancel = () => {
    this.waiting = null;
  };

  /** Let time pass in steps of a screen at 50 Hz. */
  pass(seconds: number): void {
    for (let i = 0; i < Math.round(seconds * 50); i++) {
      this.ms += 20;
      const callback = this.waiting;
      this.waiting = null;
      callback?.();
    }
  }
}

let clock: TestClock;
let player: Player;
beforeEach(() => {
  clock = new TestClock();
  player = new Player(timeS, { first: 5, last: 25 }, clock);
});

describe("a player", () => {
  it("begins at the first frame of its range and ends at the last, paused", () => {
    expect(player.snapshot()).toMatchObject({ timeS: 0.5, frame: 5, playing: false });
    player.play();
    clock.pass(5);
    expect(player.snapshot()).toMatchObject({ timeS: 2.5, frame: 25, playing: false });
  });

  it("plays in real time, and as slowly as asked", () => {
    player.play();
    clock.pass(1);
    expect(player.snapshot().timeS).toBeCloseTo(1.5, 5);
    player.setSpeed(0.1);
    clock.pass(1);
    expect(player.snapshot().timeS).toBeCloseTo(1.6, 5);
  });

  it("rests on a frame, so that what is read is what is shown", () => {
    player.play();
    clock.pass(0.46);
    player.pause();
    const { timeS: at, frame } = player.snapshot();
    expect(at).toBe(timeS[frame]);
  });

  it("begins again when it is played at the end", () => {
    player.seek(2.5);
    player.play();
    expect(player.snapshot().timeS).toBe(0.5);
  });

  it("steps by frames, not beyond its range", () => {
    player.step(3);
    expect(player.snapshot().frame).toBe(8);
    player.step(-10);
    expect(player.snapshot().frame).toBe(5);
    player.step(100);
    expect(player.snapshot().frame).toBe(25);
  });

  it("loops a movement", () => {
    player.setLoop({ fromS: 1, toS: 1.5 });
    expect(player.snapshot().timeS).toBe(1);
    player.play();
    clock.pass(3.25);
    expect(player.snapshot().playing).toBe(true);
    expect(player.snapshot().timeS).toBeGreaterThanOrEqual(1);
    expect(player.snapshot().timeS).toBeLessThanOrEqual(1.5);
  });

  it("waits for a picture that is not there, but not for ever", () => {
    player.play();
    player.hold(clock, true);
    clock.pass(1);
    expect(player.snapshot()).toMatchObject({ waiting: true, timeS: 0.5 });
    player.hold(clock, false);
    clock.pass(0.5);
    expect(player.snapshot().timeS).toBeCloseTo(1, 5);
    player.hold(clock, true);
    clock.pass(4);
    expect(player.snapshot().timeS).toBeGreaterThan(1.5);
  });

  it("changes speed between 0.1 and 2, step by step", () => {
    player.setSpeed(9);
    expect(player.snapshot().speed).toBe(2);
    player.setSpeed(0);
    expect(player.snapshot().speed).toBe(0.1);
    player.nudgeSpeed(1);
    expect(player.snapshot().speed).toBe(0.25);
    player.nudgeSpeed(-1);
    expect(player.snapshot().speed).toBe(0.1);
  });

  it("follows another through a map of time, until it leaves", () => {
    const follower = new Player(timeS, undefined, clock);
    const leave = follower.follow(
      player,
      timeMap([
        { from: 0.5, to: 0 },
        { from: 2.5, to: 1 },
      ]),
    );
    player.seek(1.5);
    expect(follower.snapshot().timeS).toBeCloseTo(0.5, 6);
    player.play();
    clock.pass(0.5);
    expect(follower.snapshot().timeS).toBeCloseTo((player.snapshot().timeS - 0.5) / 2, 6);
    expect(follower.snapshot().playing).toBe(true);
    leave();
    player.seek(0.5);
    expect(follower.snapshot()).toMatchObject({ playing: false });
    expect(follower.snapshot().timeS).not.toBe(0);
  });
});

describe("time", () => {
  it("belongs to the last frame that has begun", () => {
    expect(frameAt(timeS, -1)).toBe(0);
    expect(frameAt(timeS, 0.099)).toBe(0);
    expect(frameAt(timeS, 0.0996)).toBe(1);
    expect(frameAt(timeS, 1.25)).toBe(12);
    expect(frameAt(timeS, 99)).toBe(30);
    expect(frameAt([], 1)).toBe(0);
  });

  it("steps as frames usually do", () => {
    expect(frameStep([0, 0.1, 0.2, 0.7])).toBeCloseTo(0.1);
    expect(frameStep([0])).toBeCloseTo(1 / 30);
  });

  it("runs evenly between anchors and as usual beyond them", () => {
    const map = timeMap([
      { from: 2, to: 20 },
      { from: 1, to: 10 },
    ]);
    expect([0, 1, 1.5, 2, 3].map(map)).toEqual([9, 10, 15, 20, 21]);
    expect(timeMap([])(4)).toBe(4);
  });
});
