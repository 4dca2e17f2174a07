// run.ts: `shoal data prep`: plan, write the shards that are missing in several processes, finish. Nothing here depends on their number.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ShoalError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/hash.ts';
import { loadSharp } from '../image/sharp.ts';
import { scanDataset } from '../readers/index.ts';
import { openTokens } from '../readers/text-tokens.ts';
import { byCodeUnits, type Entry, type Source } from '../source.ts';
import { writing } from '../write-error.ts';
import { changedLines, heldBy, planWith } from './changes.ts';
import type { PrepareJob } from './job.ts';
import { type Finished, finish, shardsOf } from './manifest.ts';
import { type Planned, plan } from './plan.ts';
import { FILES, hasPlan, type PlanFile, plannedAsOf, readPlan, writePlan } from './plan-file.ts';
import type { PrepareSetup } from './prepare-process.ts';
import { otherContents, otherJob, otherSamples, otherwiseNamed, tooMany } from './problems.ts';
import { renamesOf } from './renames.ts';
import { readRecord, type ShardRecord, type ShardTask } from './shard.ts';
import { spool } from './spool.ts';
import type { Task } from './task.ts';
import { trySample } from './try-sample.ts';
import { writeShards } from './write-shards.ts';

export interface PrepareOptions {
  readonly job: PrepareJob;
  /** The folder written to. */
  readonly out: string;
  /** Shards that are written at a time, each in a process of its own that keeps about one core busy. */
  readonly threads: number;
  /** incremental: finish what is missing. overwrite: begin anew. extend: keep what is there, add what the source has beyond it. */
  readonly mode: 'incremental' | 'overwrite' | 'extend';
  /** Bad samples that are put up with. */
  readonly maxErrors: { readonly count: number } | { readonly share: number };
  /** This machine's part of the shards; the whole is merged by whoever runs `shoal data merge`. */
  readonly task: Task | null;
  /** Shoal's version. */
  readonly version: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** Told of what has changed in the source since it was prepared, and of how many shards are made again. */
  readonly onChanged?: (samples: readonly Planned[], shards: number) => void;
}

/** Steps that the clocks of file systems go in, at most. */
const CLOCK_MS = 2000;

export interface Progress {
  readonly shards: number;
  readonly ofShards: number;
  /** Looked at, in this run and before. */
  readonly samples: number;
  readonly bad: number;
}

export interface PrepareResult {
  readonly progress: Progress;
  /** Null for a task: others may not be done. */
  readonly finished: Finished | null;
  /** Bad samples of the scan and of this task's shards. */
  readonly bad: ShardRecord['bad'];
}

/** @throws {ShoalError} SHOAL_DATA_OTHER_JOB, SHOAL_DATA_ERRORS, SHOAL_DATA_* of the source; the signal's reason when aborted */
export async function prepareDataset(options: PrepareOptions): Promise<PrepareResult> {
  const { job, signal } = options;
  const spooled = await spool(job.source, signal);
  try {
    const scanned = await scanDataset(spooled.options);
    try {
      // packed texts have no classes: a row may hold several
      return await prepareSource(job.tokens?.pack ? { ...scanned, classes: null } : scanned, options);
    } finally {
      await scanned.close();
    }
  } finally {
    spooled.remove();
  }
}

async function prepareSource(source: Source, options: PrepareOptions): Promise<PrepareResult> {
  const { out, job, task, threads, signal, onProgress } = options;
  if (options.mode === 'overwrite' || !hasPlan(out)) await trySample(source, job); // before anything is removed or written
  writing(out, () => mkdirSync(out, { recursive: true }));
  const planned = await planFor(source, options);
  const names = shardsOf(planned.lines).filter((_, i) => task === null || i % task.of === task.number - 1);
  const records = new Map<string, ShardRecord>();
  const missing: typeof names = [];
  for (const shard of names) {
    const record = readRecord(out, shard.name);
    if (record) records.set(shard.name, record);
    else missing.push(shard);
  }
  const report = (): Progress => {
    const done = [...records.values()];
    const bad = planned.scanBad.length + done.reduce((sum, record) => sum + record.bad.length, 0);
    const samples = done.reduce((sum, record) => sum + record.samples + record.bad.length, 0);
    return { shards: done.length, ofShards: names.length, samples, bad };
  };
  onProgress(report());
  const budget = budgetOf(options.maxErrors, planned);
  const { classes, places } = planned;
  const setup: PrepareSetup = { out, share: source.share(), job, classes, places };
  const note = (record: ShardRecord) => {
    records.set(record.shard, record);
    const progress = report();
    onProgress(progress);
    if (progress.bad > budget) throw tooMany(progress.bad, budget, out);
  };
  if (report().bad > budget) throw tooMany(report().bad, budget, out);
  const processes = Math.min(threads, missing.length);
  await writeShards(tasksOf(missing, planned, source), setup, source, processes, signal, note);
  const bad = [...planned.scanBad, ...[...records.values()].flatMap((record) => record.bad)];
  return { progress: report(), finished: task === null ? finish(out) : null, bad };
}

/** The plan that is there, if it is this job's; else a new one, written before anything else. */
async function planFor(
  source: Source,
  { job, out, mode, version, signal, onChanged = () => {} }: PrepareOptions,
): Promise<PlanFile> {
  if (mode === 'overwrite') clear(out);
  else if (!hasPlan(out)) refuseForeign(out);
  const sharp = await loadSharp('prepare images').catch(() => null);
  const tool = {
    shoal: version,
    ...(await aboutTokens(job)),
    ...(sharp && { sharp: sharp.versions['sharp']!, vips: sharp.versions['vips']! }),
  };
  const entries = arranged(source.entries, job);
  const fresh = { job, tool, classes: source.classes, places: source.places, scanBad: source.bad };
  const asOf = Date.now() - CLOCK_MS;
  const write = (lines: readonly Planned[]): PlanFile => {
    const planned = { ...fresh, lines };
    writePlan(out, planned, asOf);
    return planned;
  };
  if (!hasPlan(out)) return write(plan(entries, await heldBy(source, entries, signal), job));
  const old = readPlan(out);
  for (const what of ['job', 'tool', 'classes', 'places'] as const)
    if (canonicalJson(old[what]) !== canonicalJson(fresh[what])) throw otherJob(out, what, old[what], fresh[what]);
  const known = new Set(old.lines.map(({ key }) => key));
  const added = entries.filter(({ key }) => !known.has(key));
  const here = new Set(entries.map(({ key }) => key));
  const gone = old.lines.filter(({ key }) => !here.has(key));
  if (mode !== 'extend' && added.length + gone.length > 0) throw otherSamples(out, added, gone);
  const changed = await changedLines(source, entries, old.lines, plannedAsOf(out), signal);
  const lines = changed.length === 0 ? old.lines : planWith(changed, old.lines, job);
  if (lines === null) throw otherContents(out, changed);
  const held = await heldBy(source, added, signal);
  const { from, otherwise } = renamesOf(added, held, gone);
  if (otherwise.length > 0) throw otherwiseNamed(out, otherwise);
  if (changed.length > 0) onChanged(changed, forget(out, changed));
  if (added.length > 0) return write(plan(added, held, job, lines, from));
  return changed.length > 0 ? write(lines) : old;
}

/** Shards with samples that have changed are no longer finished. @returns how many */
function forget(out: string, changed: readonly Planned[]): number {
  const shards = shardsOf(changed);
  // the manifest first: while it is there, the dataset is whole; and all before the plan, which would hide what is old
  for (const name of [FILES.manifest, ...shards.map((shard) => `${shard.name}.json`)])
    rmSync(join(out, name), { force: true });
  return shards.length;
}

/** The tokenizer by its contents, and how many ids it has. */
async function aboutTokens({ tokens }: PrepareJob): Promise<Record<string, string>> {
  if (!tokens) return {};
  const { size } = await openTokens(tokens.tokenizer);
  const path = tokens.tokenizer;
  const hash = path === 'bytes' ? path : createHash('sha256').update(readFileSync(path)).digest('hex');
  return { tokenizer: hash, vocabulary: String(size) };
}

/** Removes what a preparation writes, and nothing else. */
function clear(out: string): void {
  if (!existsSync(out)) return;
  const ours = /^((train|validation|test)-\d{6}\.\w+|(plan|bad|near-duplicates)\.jsonl|manifest\.json|.*\.partial)$/;
  // the manifest first: while it is there, the dataset is whole
  for (const name of readdirSync(out).sort(byCodeUnits)) if (ours.test(name)) rmSync(join(out, name));
}

function refuseForeign(out: string): void {
  const others = readdirSync(out).filter((name) => !name.endsWith('.partial'));
  if (others.length === 0) return;
  throw new ShoalError({
    code: 'SHOAL_DATA_OTHER_JOB',
    operation: `prepare ${out}`,
    got: `a folder with other files: ${others.slice(0, 3).join(', ')}`,
    expected: 'an empty folder, or one that `shoal data prep` has begun',
    hint: 'Choose another folder.',
  });
}

/** With the groups and parts that the job gives them. */
function arranged(entries: readonly Entry[], { group, ownParts, tokens }: PrepareJob): readonly Entry[] {
  const pattern = group === null ? null : new RegExp(group);
  return entries.map((entry) => {
    const match = pattern?.exec(entry.key);
    return {
      ...entry,
      ...(match && { group: match[1] ?? match[0] }),
      ...(ownParts === false && { part: null }),
      ...(tokens?.pack && { label: null }),
    };
  });
}

function tasksOf(shards: ReturnType<typeof shardsOf>, { lines }: PlanFile, { entries }: Source): ShardTask[] {
  const byKey = new Map(entries.map((entry) => [entry.key, entry]));
  const byShard = new Map(shards.map(({ name }) => [name, [] as ShardTask['entries'][number][]]));
  for (const { key, shard, label, sha256 } of lines) {
    if (shard === null) continue;
    // a file that has gone since the plan was made is a bad sample, not a hole
    const entry = byKey.get(key);
    byShard.get(shard)?.push(entry ? { ...entry, label, sha256 } : { key, label, part: null });
  }
  return shards.map(({ name, part }) => ({ name, part, entries: byShard.get(name)! }));
}

const budgetOf = (most: PrepareOptions['maxErrors'], { lines, scanBad }: PlanFile): number =>
  'count' in most ? most.count : most.share * (lines.length + scanBad.length);
