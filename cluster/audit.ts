// audit.ts: proves from a run's commit log that in the surviving lineage each draw of each epoch counted exactly once. Pure: it opens
// no file and knows no clock, and computes the draws anew from what the log says of the data. Nothing is kept of each step: a log may
// tell of millions. Who gives way to others between its pieces: coordinator-files.ts.

import type { Sampler } from '../datasets/sampler.ts';
import { endLeaf, firstLeaf, rootOf, sharesOf } from '../trainer/tree.ts';
import { hashDraws, trainingSampler } from './draws.ts';
import { type LogLines, textLines } from './log-lines.ts';
import type { LogRecord } from './log-record.ts';

export interface AuditReport {
  readonly terms: number;
  /** Steps of the surviving lineage, and steps that rollbacks cut. */
  readonly steps: number;
  readonly cut: number;
  /** Steps that one process computed, before or between: their checkpoint is what tells of them. */
  readonly adopted: number;
  /** Finished epochs; each of their draws counted once. */
  readonly epochs: number;
  /** Draws counted in the surviving lineage. */
  readonly draws: number;
  readonly checkpoints: number;
  /** Leaves that each worker computed of the surviving lineage. */
  readonly leaves: Readonly<Record<string, number>>;
  /** Whether the last line is only part of one: its writer was killed. It counts for nothing. */
  readonly torn: boolean;
}

export type Audit =
  | { readonly ok: true; readonly report: AuditReport }
  /** `line` from 1. */
  | { readonly ok: false; readonly line: number; readonly violation: string };

type Open = Extract<LogRecord, { readonly record: 'open' }>;
type Commit = Extract<LogRecord, { readonly record: 'commit' }>;

/** What the log must say of the job; what is left out is taken from the log itself. */
export interface AuditFacts {
  readonly microShards: number;
  /** jobHash. */
  readonly job?: string;
  /** Steps of the whole run, if it is said to be over. */
  readonly steps?: number;
}

class Violation extends Error {}
function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Violation(otherwise);
}

/** Audits the text of a commit log: one JSON record a line. */
export function auditLog(text: string, facts: AuditFacts): Audit {
  const pieces = auditLines(textLines(text), facts);
  for (;;) {
    const piece = pieces.next();
    if (piece.done) return piece.value;
  }
}

/** The same of lines, which are read twice, one piece of the work after another. A line that cannot be read is a violation. */
export function* auditLines(lines: LogLines, facts: AuditFacts): Generator<void, Audit, void> {
  /** Versions that terms began at, in order. */
  const began: number[] = [];
  const counts = { cut: 0, checkpoints: 0 };
  let steps = 0;
  let open: Open | null = null;
  let samples: Sampler | null = null;
  let line = 0;
  try {
    for (const text of lines) {
      yield;
      line++;
      const record = parse(text);
      if (record.record === 'open') {
        checkOpen(record, open, steps, facts);
        counts.cut += steps - record.version;
        began.push(record.version);
        steps = record.version;
        open = record;
        samples ??= trainingSampler(record);
        continue;
      }
      if (record.record === 'adopt') {
        steps = Math.max(steps, record.version);
        continue;
      }
      must(open !== null, `a ${record.record} record before any term`);
      must(record.term === open.term, `term ${record.term} in term ${open.term}`);
      if (record.record === 'decision')
        must(record.version === steps, `a decision of version ${record.version} after ${steps} steps`);
      else if (record.record === 'commit') {
        checkCommit(record, samples!, steps, facts.microShards);
        steps++;
      } else {
        must(record.version <= steps, `a checkpoint of version ${record.version} after ${steps} steps`);
        counts.checkpoints++;
      }
    }
    must(open !== null || facts.steps === undefined, 'no term at all');
    must(steps === (facts.steps ?? steps), `${steps} steps where the run has ${facts.steps}`);
    const torn = lines.rest > 0;
    const { draws, epochs } = open ? yield* countDraws(steps, samples!, open.samples) : { draws: 0, epochs: 0 };
    const computed = yield* countLeaves(lines, line, began, facts.microShards);
    return { ok: true, report: { ...counts, terms: began.length, steps, epochs, draws, ...computed, torn } };
  } catch (error) {
    // a record that lacks what it should have fails where that is needed
    const violation = error instanceof Violation ? error.message : `a record that cannot be read: ${error}`;
    return { ok: false, line: Math.max(1, line), violation };
  }
}

function parse(line: string): LogRecord {
  try {
    const record: LogRecord | null = JSON.parse(line);
    must(
      ['open', 'commit', 'checkpoint', 'decision', 'adopt'].includes(record?.record ?? ''),
      `not a record: ${line.slice(0, 80)}`,
    );
    return record!;
  } catch (error) {
    if (error instanceof Violation) throw error;
    throw new Violation(`not JSON: ${line.slice(0, 80)}`);
  }
}

function checkOpen(now: Open, before: Open | null, steps: number, facts: AuditFacts): void {
  must(now.version <= steps, `a term that begins at version ${now.version} after ${steps} steps`);
  must(facts.job === undefined || facts.job === now.job, `the job ${now.job} instead of ${facts.job}`);
  if (!before) return;
  must(now.term > before.term, `term ${now.term} after term ${before.term}`);
  for (const key of ['job', 'dataset', 'samples', 'batch', 'seed'] as const)
    must(now[key] === before[key], `${key} ${now[key]} where it was ${before[key]}`);
}

function checkCommit(commit: Commit, samples: Sampler, steps: number, microShards: number): void {
  const { step, version, rows, draws } = commit;
  must(step === steps, `step ${step} where step ${steps} was to come`);
  must(version === step + 1, `version ${version} of step ${step}`);
  const indices = drawsOfStep(step, samples);
  must(rows === indices.length, `${rows} rows in step ${step}, which has ${indices.length}`);
  must(draws === hashDraws(indices), `other draws than those of step ${step}`);
  const active = activeOf(rows, microShards);
  const times = new Uint32Array(2 ** rootOf(microShards).level);
  for (const { node } of commit.nodes) {
    must(endLeaf(node) <= times.length, `a node beyond the tree in step ${step}`);
    for (let leaf = firstLeaf(node); leaf < endLeaf(node); leaf++) times[leaf]!++;
  }
  for (let leaf = 0; leaf < active; leaf++)
    must(times[leaf] === 1, `leaf ${leaf} counted ${times[leaf]} times in step ${step}`);
}

const activeOf = (rows: number, microShards: number): number =>
  sharesOf(rows, microShards).filter((share) => share > 0).length;

function drawsOfStep(step: number, samples: Sampler): Uint32Array {
  return samples.indices(Math.floor(step / samples.stepsPerEpoch), step % samples.stepsPerEpoch);
}

/** Counts each sample of each epoch, as the lineage's steps drew them. */
function* countDraws(
  steps: number,
  samples: Sampler,
  length: number,
): Generator<void, { draws: number; epochs: number }, void> {
  const { stepsPerEpoch } = samples;
  const times = new Uint8Array(length);
  let draws = 0;
  for (let step = 0; step < steps; step++) {
    yield;
    const epoch = Math.floor(step / stepsPerEpoch);
    if (step % stepsPerEpoch === 0) times.fill(0);
    for (const sample of drawsOfStep(step, samples)) {
      must(times[sample]!++ === 0, `sample ${sample} drawn twice in epoch ${epoch}`);
      draws++;
    }
    const ended = (step + 1) % stepsPerEpoch === 0;
    must(!ended || times.every((count) => count === 1), `a sample that was not drawn in epoch ${epoch}`);
  }
  return { draws, epochs: Math.floor(steps / stepsPerEpoch) };
}

/**
 * Who computed what of the surviving lineage: known once it is known what rollbacks cut, so the checked lines are read again.
 * @param checked lines: a run that goes on may have written more meanwhile
 * @param began versions that terms began at, in order
 */
function* countLeaves(
  lines: LogLines,
  checked: number,
  began: readonly number[],
  microShards: number,
): Generator<void, Pick<AuditReport, 'adopted' | 'leaves'>, void> {
  /** By terms begun so far: steps from this on were cut later. */
  const cutFrom = [...began, Number.POSITIVE_INFINITY];
  for (let i = began.length - 1; i >= 0; i--) cutFrom[i] = Math.min(cutFrom[i]!, cutFrom[i + 1]!);
  const leaves: Record<string, number> = {};
  let [adopted, steps, terms, line] = [0, 0, 0, 0];
  for (const text of lines) {
    yield;
    if (line++ === checked) break;
    const record = JSON.parse(text) as LogRecord;
    if (record.record === 'open') {
      steps = record.version;
      terms++;
    } else if (record.record === 'adopt') {
      adopted += Math.max(0, Math.min(record.version, cutFrom[terms]!) - steps);
      steps = Math.max(steps, record.version);
    } else if (record.record === 'commit') {
      steps++;
      if (record.step >= cutFrom[terms]!) continue;
      const active = activeOf(record.rows, microShards);
      for (const { node, worker } of record.nodes)
        leaves[worker] = (leaves[worker] ?? 0) + Math.max(0, Math.min(endLeaf(node), active) - firstLeaf(node));
    }
  }
  return { adopted, leaves };
}
