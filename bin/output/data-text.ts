// data-text.ts: how long training waited for data, for what, and what helps. Whatever else a run tells stands elsewhere.
import { NOTABLE } from '../../trainer/data-usage.ts';
import type { DataEvent, RunEvent } from '../../trainer/events.ts';

const DOING = { read: 'reading', augment: 'augmenting' } as const;
/** Less than this in an epoch is not worth a line. */
const SECONDS = 1;

export const percent = (share: number): string => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;

/** Another thread where the machine has one to spare, or less work for each sample. */
function hint({ bottleneck, data_threads, workers }: DataEvent): string {
  const more = workers
    ? 'more workers of fewer --threads, each with a data thread of its own, where cores are free'
    : `--data-threads ${data_threads + 1} where cores are free`;
  if (bottleneck === 'augment') return `${more}; fewer changes in "augment"; images prepared nearer to their last size`;
  return `${more}; a set on a local disk, prepared with shoal data prep --encode raw; for images decoded as they are drawn, more SHOAL_PIXELS_MIB`;
}

/** A line for an epoch in which training waited for a good part of the time; null otherwise. */
export function waitText(event: RunEvent): string | null {
  if (event.event !== 'data' || event.bottleneck === null || event.waited_s < SECONDS) return null;
  return `waited ${percent(event.share)} of the time for data: ${DOING[event.bottleneck]}. What helps: ${hint(event)}`;
}

/** What a whole run came to; null where nothing was told. */
export function waitedText(events: readonly DataEvent[]): string | null {
  const sum = (of: (event: DataEvent) => number) => events.reduce((total, event) => total + of(event), 0);
  const wall = sum((event) => event.wall_s);
  if (wall === 0) return null;
  const share = sum((event) => event.waited_s) / wall;
  const longest = sum(({ stages }) => stages.augment) > sum(({ stages }) => stages.read) ? 'augment' : 'read';
  return `waited for ${percent(share)} of the time${share < NOTABLE ? '' : `: ${DOING[longest]}`}`;
}
