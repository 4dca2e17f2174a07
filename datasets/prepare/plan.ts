// plan.ts: which sample goes into which shard: a pure function of entries, contents' hashes and the job. It writes nothing.
import type { Entry, Part } from '../source.ts';
import { byCodeUnits } from '../source.ts';
import { rankOf, splitEntries } from '../split.ts';
import type { Held } from './changes.ts';
import type { PrepareJob } from './job.ts';

/** One entry of the source. Kept in plan.jsonl, in the order of the shards. */
export interface Planned extends Held {
  readonly key: string;
  readonly part: Part;
  readonly label: number | null;
  /** Name of the shard; null for what is left out. */
  readonly shard: string | null;
  /** The key of the sample with the same contents that stays, when this one is left out. */
  readonly duplicateOf: string | null;
}

export const PARTS: readonly Part[] = ['train', 'validation', 'test'];

const UNKNOWN: Held = { sha256: null, marks: null };

/** Which of two samples with the same contents stays: what is measured on must not be learnt. */
const STAYS: Readonly<Record<Part, number>> = { test: 0, validation: 1, train: 2 };

/**
 * Plans `entries` behind what `before` has planned; its lines are never changed.
 * @param held by key
 * @param renamed by key: that of the line before which stands for it
 */
export function plan(
  entries: readonly Entry[],
  held: ReadonlyMap<string, Held>,
  job: PrepareJob,
  before: readonly Planned[] = [],
  renamed: ReadonlyMap<string, string> = new Map(),
): Planned[] {
  const parts = splitEntries(entries, job.split, job.seed, job.stratify);
  const rank = (key: string) => rankOf(job.seed, `order ${key}`);
  const fresh = entries.map((entry, i) => ({ entry, part: parts[i]!, rank: job.shuffle ? rank(entry.key) : '' }));
  const duplicates = new Map([...duplicatesOf(fresh, held, job, before), ...renamed]);
  const lines: Planned[] = [];
  for (const part of PARTS) {
    const members = fresh.filter((one) => one.part === part);
    if (job.shuffle) members.sort((a, b) => byCodeUnits(a.rank, b.rank));
    const first =
      1 +
      before.reduce(
        (last, line) => (line.part === part && line.shard ? Math.max(last, numberOf(line.shard)) : last),
        -1,
      );
    let count = 0;
    for (const { entry } of members) {
      const { key, label } = entry;
      const duplicateOf = duplicates.get(key) ?? null;
      const shard = duplicateOf === null ? shardName(part, first + Math.floor(count++ / job.shardSize)) : null;
      lines.push({ key, part, label, shard, ...(held.get(key) ?? UNKNOWN), duplicateOf });
    }
  }
  return [...before, ...lines];
}

export const shardName = (part: Part, number: number): string => `${part}-${String(number).padStart(6, '0')}`;

const numberOf = (shard: string): number => Number(shard.slice(shard.lastIndexOf('-') + 1));

/** By key of what is left out: the key of what stays. */
function duplicatesOf(
  fresh: readonly { readonly entry: Entry; readonly part: Part }[],
  held: ReadonlyMap<string, Held>,
  { dedup }: PrepareJob,
  before: readonly Planned[],
): Map<string, string> {
  const duplicates = new Map<string, string>();
  if (dedup === 'none') return duplicates;
  interface Twin {
    readonly key: string;
    readonly part: Part;
    readonly old: boolean;
  }
  const twins = new Map<string, Twin[]>();
  const add = (hash: string | null | undefined, twin: Twin): void => {
    if (hash === null || hash === undefined) return;
    const known = twins.get(hash);
    if (known) known.push(twin);
    else twins.set(hash, [twin]);
  };
  for (const { key, part, shard, sha256 } of before) if (shard !== null) add(sha256, { key, part, old: true });
  for (const { entry, part } of fresh) add(held.get(entry.key)?.sha256, { key: entry.key, part, old: false });
  for (const group of twins.values()) {
    if (group.length === 1) continue;
    // what is written already stays; then what is held out; then the first by key
    group.sort((a, b) => Number(b.old) - Number(a.old) || STAYS[a.part] - STAYS[b.part] || byCodeUnits(a.key, b.key));
    const [stays, ...others] = group as [Twin, ...Twin[]];
    for (const { key, part, old } of others)
      if (!old && (dedup === 'all' || part !== stays.part)) duplicates.set(key, stays.key);
  }
  return duplicates;
}
