// data-usage.ts: what a feed has counted, epoch by epoch, as events: the share of time that training waited, and for what. It measures nothing.
import type { DataEvent } from './events.ts';
import type { FeedUsage } from './feed.ts';

/** From this share of the time on, waiting is worth a word. */
export const NOTABLE = 0.05;

/** @returns what to call at the end of each epoch: the event for the time since the call before */
export function createDataUsage(usage: () => FeedUsage, dataThreads: number): (epoch: number) => DataEvent {
  let before: FeedUsage = { wall: 0, waited: 0, stages: { read: 0, augment: 0 } };
  return (epoch) => {
    const now = usage();
    const seconds = (of: (one: FeedUsage) => number): number => Number(((of(now) - of(before)) / 1000).toFixed(6));
    const stages = { read: seconds((one) => one.stages.read), augment: seconds((one) => one.stages.augment) };
    const [wall, waited] = [seconds((one) => one.wall), seconds((one) => one.waited)];
    before = now;
    const share = wall > 0 ? Math.min(1, waited / wall) : 0;
    const longest = stages.augment > stages.read ? 'augment' : 'read';
    return {
      event: 'data',
      epoch,
      wall_s: wall,
      waited_s: waited,
      share,
      stages,
      bottleneck: share >= NOTABLE ? longest : null,
      data_threads: dataThreads,
    };
  };
}
