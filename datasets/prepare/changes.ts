// changes.ts: what a source holds under the keys of a plan, and which of it has changed since it was planned. It writes nothing.
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { ShoalError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/hash.ts';
import { contentHash } from '../content-hash.ts';
import { each } from '../each.ts';
import { isUrl } from '../files.ts';
import type { Entry, Mask, Source } from '../source.ts';
import type { PrepareJob } from './job.ts';
import type { Planned } from './plan.ts';

/** What is known of a sample's contents: in plan.jsonl, too. */
export interface Held {
  /** SHA-256 of the contents, as the source holds them; null where they could not be read. */
  readonly sha256: string | null;
  /** Of what else the source says of it: boxes, mask, weight, metadata; null where it says nothing. */
  readonly marks: string | null;
}

/** By key. */
export async function heldBy(
  source: Source,
  entries: readonly Entry[],
  signal: AbortSignal,
): Promise<Map<string, Held>> {
  const found = new Map<string, Held>();
  await each(entries, 8, async (entry) => {
    signal.throwIfAborted();
    try {
      const sha256 = contentHash(await source.load(entry));
      const mask = source.places === 'mask' ? await source.mask!(entry) : null;
      found.set(entry.key, { sha256, marks: marksOf(entry, mask) });
    } catch (error) {
      if (!(error instanceof ShoalError)) throw error; // a bad sample is told of when its shard is written
      found.set(entry.key, { sha256: null, marks: source.places === 'mask' ? null : marksOf(entry, null) });
    }
  });
  return found;
}

function marksOf({ boxes, weight, meta }: Entry, mask: Mask | null): string | null {
  if (!boxes && weight === undefined && !meta && !mask) return null;
  const hash = createHash('sha256').update(canonicalJson({ boxes, weight, meta }));
  if (mask) hash.update(JSON.stringify([mask.rows, mask.columns])).update(mask.label);
  return hash.digest('hex');
}

/**
 * Planned samples that the source holds otherwise now, as lines of a plan. Read again are those whose files have changed since (by the time of
 * the system, which a copy's or an archive's old date does not hide), and those that lie in memory; at URLs nothing can be told.
 * @param since when what is planned was read, in ms
 */
export async function changedLines(
  source: Source,
  entries: readonly Entry[],
  lines: readonly Planned[],
  since: number,
  signal: AbortSignal,
): Promise<Planned[]> {
  const planned = new Map(lines.map((line) => [line.key, line]));
  const old = entries.filter(({ key }) => planned.has(key));
  const newer = new Map<string, boolean>();
  const isNewer = (path: string): boolean => {
    const known = newer.get(path) ?? changedSince(path, since);
    newer.set(path, known);
    return known;
  };
  const read = old.filter((entry) => source.files?.(entry).some(isNewer) ?? true);
  const held = await heldBy(source, read, signal);
  return old.flatMap((entry): Planned[] => {
    const line = planned.get(entry.key)!;
    const marks = source.places === 'mask' ? line.marks : marksOf(entry, null);
    const now = { ...line, ...(held.get(entry.key) ?? { marks }), label: entry.label, part: entry.part ?? line.part };
    return canonicalJson(now) === canonicalJson(line) ? [] : [now];
  });
}

function changedSince(path: string, since: number): boolean {
  if (isUrl(path)) return false;
  try {
    return statSync(path).ctimeMs >= since;
  } catch {
    return true; // reading it tells why
  }
}

/** The plan with such lines in their places; null where others would be left out or kept then, or stand in other parts. */
export function planWith(
  changed: readonly Planned[],
  lines: readonly Planned[],
  { dedup }: PrepareJob,
): Planned[] | null {
  const news = new Map(changed.map((line) => [line.key, line]));
  const all = lines.map((line) => news.get(line.key) ?? line);
  const moved = all.some(({ part }, i) => part !== lines[i]!.part);
  const orphaned = lines.some(
    ({ key, duplicateOf }) => duplicateOf !== null && (news.has(key) || news.has(duplicateOf)),
  );
  if (moved || orphaned) return null;
  const first = new Map<string, Planned>();
  for (const line of [...changed, ...all]) {
    if (dedup === 'none' || line.sha256 === null || line.shard === null) continue;
    const twin = first.get(line.sha256);
    if (twin === undefined && news.has(line.key)) first.set(line.sha256, line);
    if (twin !== undefined && twin.key !== line.key && (dedup === 'all' || twin.part !== line.part)) return null;
  }
  return all;
}
