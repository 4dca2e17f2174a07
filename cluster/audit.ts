// audit.ts: proves from a run's commit log that in the surviving lineage each draw of each epoch counted exactly once. Pure: it reads
// no file, and computes the draws anew from what the log says of the data.

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
/** What is kept of each step, of those without a record, too. */
type Counted = Pick<Commit, 'step' | 'rows' | 'nodes'>;

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
export const auditLog = (text: string, facts: AuditFacts): Audit => auditLines(textLines(text), facts);

/** The same of lines, which are read once. One that cannot be read is a violation. */
export function auditLines(lines: LogLines, facts: AuditFacts): Audit {
  const lineage: Counted[] = [];
  const nodesOf = sharedNodes();
  const counts = { terms: 0, cut: 0, checkpoints: 0 };
  let open: Open | null = null;
  let samples: Sampler | null = null;
  let line = 0;
  try {
    for (const text of lines) {
      line++;
      const record = parse(text);
      if (record.record === 'open') {
        checkOpen(record, open, lineage.length, facts);
        counts.cut += lineage.length - record.version;
        counts.terms++;
        lineage.length = record.version;
        open = record;
        samples ??= trainingSampler(record);
        continue;
      }
      if (record.record === 'adopt') {
        for (let step = lineage.length; step < record.version; step++) lineage.push({ step, rows: 0, nodes: [] });
        continue;
      }
      must(open !== null, `a ${record.record} record before any term`);
      must(record.term === open.term, `term ${record.term} in term ${open.term}`);
      if (record.record === 'decision')
        must(
          record.version === lineage.length,
          `a decision of version ${record.version} after ${lineage.length} steps`,
        );
      else if (record.record === 'commit') {
        checkCommit(record, samples!, lineage.length, facts.microShards);
        lineage.push({ step: record.step, rows: record.rows, nodes: nodesOf(record.nodes) });
      } else {
        must(
          record.version <= lineage.length,
          `a checkpoint of version ${record.version} after ${lineage.length} steps`,
        );
        counts.checkpoints++;
      }
    }
    must(open !== null || facts.steps === undefined, 'no term at all');
    const { steps = lineage.length } = facts;
    must(lineage.length === steps, `${lineage.length} steps where the run has ${steps}`);
    const { draws, epochs } = open ? countDraws(lineage, samples!, open.samples) : { draws: 0, epochs: 0 };
    const torn = lines.rest > 0;
    const leaves = leavesByWorker(lineage, facts.microShards);
    const adopted = lineage.filter((it) => it.nodes.length === 0).length;
    return { ok: true, report: { ...counts, adopted, steps, epochs, draws, leaves, torn } };
  } catch (error) {
    // a record that lacks what it should have fails where that is needed
    const violation = error instanceof Violation ? error.message : `a record that cannot be read: ${error}`;
    return { ok: false, line: Math.max(1, line), violation };
  }
}

/** Lists of nodes that are known by their text at most: who computes what may be another in each step. */
const MOST_KNOWN = 10_000;

/** Steps whose nodes went to the same workers share one list of them: there may be millions of steps. */
function sharedNodes(): (nodes: Commit['nodes']) => Commit['nodes'] {
  const known = new Map<string, Commit['nodes']>();
  return (nodes) => {
    const key = JSON.stringify(nodes);
    const before = known.get(key);
    if (before) return before;
    if (known.size === MOST_KNOWN) known.clear();
    known.set(key, nodes);
    return nodes;
  };
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
function countDraws(lineage: readonly Counted[], samples: Sampler, length: number): { draws: number; epochs: number } {
  const { stepsPerEpoch } = samples;
  const epochs = Math.floor(lineage.length / stepsPerEpoch);
  const times = new Uint8Array(length);
  let draws = 0;
  lineage.forEach(({ step }) => {
    const epoch = Math.floor(step / stepsPerEpoch);
    if (step % stepsPerEpoch === 0) times.fill(0);
    for (const sample of drawsOfStep(step, samples)) {
      must(times[sample]!++ === 0, `sample ${sample} drawn twice in epoch ${epoch}`);
      draws++;
    }
    const ended = (step + 1) % stepsPerEpoch === 0;
    must(!ended || times.every((count) => count === 1), `a sample that was not drawn in epoch ${epoch}`);
  });
  return { draws, epochs };
}

function leavesByWorker(lineage: readonly Counted[], microShards: number): Record<string, number> {
  const leaves: Record<string, number> = {};
  for (const { nodes, rows } of lineage)
    for (const { node, worker } of nodes) {
      const end = Math.min(endLeaf(node), activeOf(rows, microShards));
      leaves[worker] = (leaves[worker] ?? 0) + Math.max(0, end - firstLeaf(node));
    }
  return leaves;
}
