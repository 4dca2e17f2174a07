// shard.ts: one shard written: its file first, then the record that makes it count. Killed at any moment, it is made again, the same.
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ShoalError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/hash.ts';
import { contentHash } from '../content-hash.ts';
import { release } from '../image/release.ts';
import { turnedSize } from '../image/turned-size.ts';
import { type Bad, type Content, type Entry, isDataProblem, type Loader, type Part } from '../source.ts';
import type { PrepareJob } from './job.ts';
import { addMoments, NO_MOMENTS } from './moments.ts';
import { preparePlaces } from './places.ts';
import type { PlanFile } from './plan-file.ts';
import { openRowsOfIds } from './rows-of-ids.ts';
import { type Prepared, prepareRow, prepareSample } from './sample.ts';
import { beginFile, type WholeFile, writeWhole } from './whole-file.ts';
import { writers } from './writers/index.ts';

export interface ShardTask {
  readonly name: string;
  readonly part: Part;
  /** With the hashes that their contents had when they were planned. */
  readonly entries: readonly (Entry & { readonly sha256?: string | null })[];
}

const list = z.array(z.number());

export const recordSchema = z.strictObject({
  shard: z.string(),
  part: z.enum(['train', 'validation', 'test']),
  file: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  samples: z.number(),
  /** By label: samples, or boxes, or pixels. One number without labels. */
  per_class: list,
  moments: z.strictObject({ count: z.number(), sums: list, squares: list }),
  /** Shape and type of every sample; null where they differ, or are text. */
  field: z.strictObject({ shape: list, dtype: z.enum(['u8', 'f32', 'i32']) }).nullable(),
  /** Keys of the samples in their order, and their difference hashes. */
  keys: z.array(z.string()),
  hashes: z.array(z.string().nullable()),
  bad: z.array(z.strictObject({ key: z.string(), code: z.string(), reason: z.string() })),
});

export type ShardRecord = z.output<typeof recordSchema>;

/** Writes OUT/NAME.tar and then OUT/NAME.json. @throws {ShoalError} SHOAL_OPTIONAL_PACKAGE, SHOAL_DATA_WRITE */
export async function writeShard(
  out: string,
  task: ShardTask,
  loader: Loader,
  job: PrepareJob,
  about: Pick<PlanFile, 'classes' | 'places'>,
): Promise<ShardRecord> {
  const name = `${task.name}.${writers[job.format]!.ending}`;
  const file = beginFile(join(out, name));
  try {
    const record = { ...(await fillShard(file, task, loader, job, about)), file: name };
    writeWhole(join(out, `${task.name}.json`), `${canonicalJson(record)}\n`);
    return record;
  } finally {
    file.discard();
  }
}

async function fillShard(
  file: WholeFile,
  { name, part, entries }: ShardTask,
  loader: Loader,
  job: PrepareJob,
  { classes, places }: Pick<PlanFile, 'classes' | 'places'>,
): Promise<Omit<ShardRecord, 'file'>> {
  const sha = createHash('sha256');
  let bytes = 0;
  const write = (chunks: readonly Uint8Array[]): void => {
    const all = Buffer.concat(chunks); // one call of the system in place of many
    sha.update(all);
    file.write(all);
    bytes += all.length;
  };
  const writer = await writers[job.format]!.create();
  const ids = job.tokens ? await openRowsOfIds(job.tokens) : null;
  const perClass = new Array<number>(classes?.length ?? 1).fill(0);
  let moments = NO_MOMENTS;
  const keys: string[] = [];
  const hashes: (string | null)[] = [];
  const bad: Bad[] = [];
  const fields = new Map<string, ShardRecord['field']>();
  const prepare = async (
    entry: ShardTask['entries'][number],
    loading: Promise<Content>,
  ): Promise<readonly Prepared[]> => {
    if (classes !== null && places === undefined && entry.label === null) throw noLabel(entry);
    if (places === 'boxes' && !entry.boxes) throw noLabel(entry);
    const content = await loading;
    if (ids && content.kind === 'text') checkSame(entry, contentHash(content));
    if (ids && content.kind === 'text') return ids.add(content.text, entry.key).map((row) => prepareRow(row));
    const prepared = await prepareSample(entry, content, job);
    checkSame(entry, prepared.sha256);
    if (places === undefined) return [prepared];
    const size = content.kind === 'image' ? (prepared.source ?? (await turnedSize(content.bytes))) : null;
    return [{ ...prepared, places: await preparePlaces(entry, loader, places, job, size, prepared.shape ?? []) }];
  };
  for await (const { entry, samples, problem } of inOrder(entries, loader, prepare)) {
    if (problem) {
      if (!isDataProblem(problem) || problem.code === 'SHOAL_DATA_OTHER_JOB') throw problem;
      bad.push({ key: entry.key, code: problem.code, reason: problem.got });
      continue;
    }
    for (const prepared of samples) {
      const { shape, dtype, hash } = prepared;
      const labelName = entry.label === null ? null : (classes?.[entry.label] ?? null);
      write(
        writer.add({ name: `${name}-${String(keys.length).padStart(5, '0')}`, entry, prepared, labelName, classes }),
      );
      moments = addMoments([moments, prepared.moments]);
      const field = shape === null ? null : { shape: [...shape], dtype: dtype! };
      fields.set(JSON.stringify(field), field);
      if (prepared.places === undefined) perClass[entry.label ?? 0]!++;
      else for (const label of Array.from(prepared.places.labels)) if (label >= 0) perClass[label]!++;
      prepared.own.forEach(release);
      keys.push(entry.key);
      hashes.push(hash);
    }
  }
  write(await writer.end());
  file.finish();
  return {
    shard: name,
    part,
    bytes,
    sha256: sha.digest('hex'),
    samples: keys.length,
    per_class: perClass,
    moments: { ...moments, sums: [...moments.sums], squares: [...moments.squares] },
    field: fields.size === 1 ? [...fields.values()][0]! : null,
    keys,
    hashes,
    bad,
  };
}

interface Outcome {
  readonly entry: Entry;
  readonly samples: readonly Prepared[];
  /** Null where the samples are good. */
  readonly problem: unknown;
}

/** Contents that are read at a time: a disk or a server answers while this process computes, which answers one by one would interrupt. */
const TOGETHER = 8;

/** Prepared samples in the order of their entries, one after another: other cores have other shards. Contents are read ahead. */
async function* inOrder(
  entries: ShardTask['entries'],
  loader: Loader,
  prepare: (entry: ShardTask['entries'][number], loading: Promise<Content>) => Promise<readonly Prepared[]>,
): AsyncGenerator<Outcome> {
  const loading: Promise<Content>[] = [];
  let read = 0;
  for (const entry of entries) {
    if (loading.length <= TOGETHER / 2) {
      const all = entries.slice(read, read + TOGETHER).map((next) => loader.load(next));
      for (const content of all) content.catch(() => {}); // whoever awaits it hears of it
      loading.push(...all);
      read += TOGETHER;
    }
    yield await prepare(entry, loading.shift()!).then(
      (samples) => ({ entry, samples, problem: null }),
      (problem: unknown) => ({ entry, samples: [], problem }),
    );
  }
}

/** The record of a shard that is finished; null if it is not. Its hash is compared by `verify`, not here. */
export function readRecord(out: string, name: string): ShardRecord | null {
  try {
    const record = recordSchema.parse(JSON.parse(readFileSync(join(out, `${name}.json`), 'utf8')));
    return statSync(join(out, record.file)).size === record.bytes ? record : null;
  } catch {
    return null;
  }
}

/** @throws {ShoalError} SHOAL_DATA_OTHER_JOB: what is kept must be what was planned */
function checkSame({ key, sha256 }: ShardTask['entries'][number], found: string): void {
  if (!sha256 || sha256 === found) return;
  throw new ShoalError({
    code: 'SHOAL_DATA_OTHER_JOB',
    operation: `prepare ${key}`,
    got: 'contents that have changed since they were planned',
    expected: `contents with the SHA-256 ${sha256}`,
    hint: 'Run the same command again, or begin anew with --mode overwrite.',
  });
}

const noLabel = ({ key }: Entry): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_LABEL',
    operation: `read ${key}`,
    got: 'no label, where others have one',
    expected: 'a label',
    hint: 'Put it into the folder of its class.',
  });
