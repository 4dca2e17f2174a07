// manifest.ts: the finished shards as one dataset: counts, hashes, classes, mean and deviation. The dataset is known by this file's hash.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { check } from '../../base/check.ts';
import { ShoalError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/hash.ts';
import type { Bad, Part } from '../source.ts';
import { prepareSchema } from './job.ts';
import { addMoments, meanAndDeviation } from './moments.ts';
import { nearPairs } from './perceptual.ts';
import { PARTS, type Planned } from './plan.ts';
import { FILES, type PlanFile, readPlan } from './plan-file.ts';
import { readRecord, type ShardRecord } from './shard.ts';
import { writeWhole } from './whole-file.ts';

const part = z.object({
  samples: z.number(),
  /** By class: samples, or boxes, or pixels. */
  per_class: z.array(z.number()),
  shards: z.array(z.object({ file: z.string(), samples: z.number(), bytes: z.number(), sha256: z.string() })),
});

export const manifestSchema = z.object({
  shoal: z.literal(1),
  /** Shoal's version and the decoder's: what the bytes depend on beside the job. */
  tool: z.record(z.string(), z.string()),
  job: prepareSchema.omit({ source: true }),
  classes: z.array(z.string()).nullable(),
  /** What has the classes, where it is not the samples. */
  places: z.enum(['boxes', 'mask']).optional(),
  /** Of every sample, where all have one. */
  field: z.object({ shape: z.array(z.number()), dtype: z.enum(['u8', 'f32', 'i32']) }).nullable(),
  parts: z.partialRecord(z.enum(['train', 'validation', 'test']), part),
  /** Of the training part, by channel; bytes divided by 255. Null for text. */
  mean: z.array(z.number()).nullable(),
  std: z.array(z.number()).nullable(),
  /** Of the training part: samples / (classes x samples of the class); of boxes or pixels where they have the classes. */
  class_weights: z.array(z.number()).nullable(),
  bad: z.number(),
  duplicates: z.number(),
  near_duplicates: z.number(),
});

export type Manifest = z.output<typeof manifestSchema>;

/** Pairs that near-duplicates.jsonl lists at most. */
const MOST_PAIRS = 10_000;

export interface Finished {
  readonly manifest: Manifest;
  /** SHA-256 of manifest.json: the dataset's name. */
  readonly sha256: string;
  readonly bad: readonly Bad[];
}

/**
 * Writes bad.jsonl, near-duplicates.jsonl and, last, manifest.json.
 * @throws {ShoalError} SHOAL_DATA_UNFINISHED naming a shard that is missing, SHOAL_DATA_EMPTY, SHOAL_DATA_WRITE
 */
export function finish(out: string): Finished {
  const planned = readPlan(out);
  const { lines, scanBad } = planned;
  const names = shardsOf(lines);
  const records = names.map(({ name }) => readRecord(out, name));
  const missing = names.filter((_, i) => records[i] === null);
  if (missing.length > 0) throw unfinished(out, missing.length, names.length, missing[0]!.name);
  const all = records as ShardRecord[];
  const bad = [...scanBad, ...all.flatMap((record) => record.bad as Bad[])];
  if (all.every(({ samples }) => samples === 0)) throw empty(out, bad.length);
  const hashed = all.flatMap(({ keys, hashes }) =>
    keys.flatMap((key, i) => (hashes[i] ? [{ key, hash: hashes[i] }] : [])),
  );
  const pairs = nearPairs(hashed, MOST_PAIRS);
  const manifest = manifestOf(planned, all, bad.length, pairs.length);
  const text = `${canonicalJson(manifest)}\n`;
  const jsonLines = (values: readonly object[]) => values.map((value) => `${canonicalJson(value)}\n`).join('');
  writeWhole(join(out, FILES.bad), jsonLines(bad));
  writeWhole(join(out, FILES.near), jsonLines(pairs));
  // what killed processes have left; whoever still writes here writes what is there
  for (const name of readdirSync(out)) if (name.endsWith('.partial')) rmSync(join(out, name), { force: true });
  writeWhole(join(out, FILES.manifest), text);
  return { manifest, sha256: createHash('sha256').update(text).digest('hex'), bad };
}

/** In the plan's order: train, validation, test. */
export function shardsOf(lines: readonly Planned[]): { readonly name: string; readonly part: Part }[] {
  const names = new Map<string, Part>();
  for (const { shard, part: of } of lines) if (shard !== null) names.set(shard, of);
  return [...names].map(([name, of]) => ({ name, part: of }));
}

function manifestOf(
  { job, tool, classes, places, lines }: PlanFile,
  records: readonly ShardRecord[],
  bad: number,
  near: number,
): Manifest {
  const { source: _, ...rest } = job;
  const parts = Object.fromEntries(
    PARTS.flatMap((name) => {
      const own = records.filter((record) => record.part === name);
      if (own.length === 0) return [];
      const perClass = own[0]!.per_class.map((_, i) => own.reduce((sum, record) => sum + record.per_class[i]!, 0));
      const shards = own.map(({ file, samples, bytes, sha256 }) => ({ file, samples, bytes, sha256 }));
      return [[name, { samples: own.reduce((sum, { samples }) => sum + samples, 0), per_class: perClass, shards }]];
    }),
  );
  const fields = new Set(records.filter(({ samples }) => samples > 0).map(({ field }) => JSON.stringify(field)));
  const field = fields.size === 1 ? (JSON.parse([...fields][0]!) as Manifest['field']) : null;
  const train = records.filter((record) => record.part === 'train');
  const moments = addMoments(train.map((record) => record.moments));
  const bytes = records.every((record) => record.field === null || record.field.dtype === 'u8');
  const { mean, std } = meanAndDeviation(moments, bytes ? 255 : 1);
  const counts = parts['train']?.per_class ?? [];
  const total = counts.reduce((sum, n) => sum + n, 0);
  return {
    shoal: 1,
    tool: { ...tool },
    job: rest,
    classes: classes === null ? null : [...classes],
    ...(places && { places }),
    field,
    parts,
    mean: moments.count === 0 ? null : mean,
    std: moments.count === 0 ? null : std,
    class_weights:
      classes === null ? null : counts.map((n) => (n === 0 ? 0 : Number((total / (classes.length * n)).toFixed(6)))),
    bad,
    duplicates: lines.filter(({ duplicateOf }) => duplicateOf !== null).length,
    near_duplicates: near,
  };
}

/** The manifest of a prepared folder; null where there is none. @throws {ShoalError} SHOAL_DATA_CORRUPT */
export function readManifest(out: string): { readonly manifest: Manifest; readonly sha256: string } | null {
  const path = join(out, FILES.manifest);
  if (!existsSync(path)) return null;
  const text = readFileSync(path, 'utf8');
  const manifest = parseManifest(text, path);
  return { manifest, sha256: createHash('sha256').update(text).digest('hex') };
}

/** @throws {ShoalError} SHOAL_DATA_CORRUPT */
export function parseManifest(text: string, origin: string): Manifest {
  const problem = {
    code: 'SHOAL_DATA_CORRUPT',
    operation: `read ${origin}`,
    hint: 'Prepare the dataset again.',
  } as const;
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    // null is refused below
  }
  return check(manifestSchema, value, problem);
}

const unfinished = (out: string, missing: number, all: number, first: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_UNFINISHED',
    operation: `merge ${out}`,
    got: `${missing} of ${all} shards missing, the first ${first}`,
    expected: 'all of them',
    hint: 'Run the same `shoal data prep` again: it makes what is missing.',
  });

const empty = (out: string, bad: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_EMPTY',
    operation: `prepare ${out}`,
    got: `no good sample, ${bad} bad ones`,
    expected: 'at least one',
    hint: 'Look at the reasons above.',
  });
