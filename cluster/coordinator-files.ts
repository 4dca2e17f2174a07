// coordinator-files.ts: which checkpoint a term may begin at, and its values. Not how checkpoints are written or found.
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { setImmediate as giveWay } from 'node:timers/promises';
import { findCheckpoints, readCheckpoint } from '../trainer/checkpoint-read.ts';
import { type Job, jobHash } from '../trainer/job.ts';
import { restoreWithBest } from '../trainer/restore-best.ts';
import { RUN, type RunCheckpoint } from '../trainer/run-folder.ts';
import { restoreSnapshot, type Snapshot } from '../trainer/snapshot.ts';
import { reachable } from './address.ts';
import { type Audit, auditLines } from './audit.ts';
import { fileLines } from './log-lines.ts';

/**
 * The newest checkpoint that the log's lineage reaches: one of a term that was rolled back meanwhile may be beyond it.
 * @param newest the newest of all, already read
 * @param most the version that the lineage reaches; null: there is no log, as when one process began the run
 */
export async function usableCheckpoint(
  job: Job,
  path: string,
  newest: RunCheckpoint | null,
  most: number | null,
): Promise<RunCheckpoint | null> {
  if (most === null || (newest && newest.snapshot.version <= most)) return newest;
  const hash = await jobHash(job);
  for (const found of await findCheckpoints(`${path}/${RUN.checkpoints}`)) {
    if (found.step > most) continue;
    try {
      const checkpoint = await readCheckpoint(found.path);
      const { manifest } = checkpoint;
      if (manifest.jobHash !== hash) continue;
      return { path: found.path, manifest, snapshot: await restoreWithBest(job, checkpoint) };
    } catch {
      // damaged: an older one may be whole
    }
  }
  return newest; // one process went on with the run meanwhile: what it did stands, though no log tells of it
}

/** @throws SHOAL_CHECKPOINT_* */
export async function readSnapshot(job: Job, path: string): Promise<Snapshot> {
  return restoreSnapshot(job, await readCheckpoint(path));
}

/** How long an audit may keep others of its process waiting. */
const PIECE_MS = 20;

/** Audits the commit log of a run's folder: of millions of steps in minutes, in which others get their turn. @throws the file system's errors */
export async function auditRun(path: string, job: Job, hash?: string): Promise<Audit> {
  const file = openSync(`${path}/${RUN.commits}`, 'r');
  try {
    const facts = { microShards: job.microShards, ...(hash !== undefined && { job: hash }) };
    const pieces = auditLines(fileLines(file), facts);
    for (let since = performance.now(); ; ) {
      const piece = pieces.next();
      if (piece.done) return piece.value;
      if (performance.now() - since < PIECE_MS) continue;
      await giveWay();
      since = performance.now();
    }
  } finally {
    closeSync(file);
  }
}

/** Leaves word in a run's folder of where its coordinator listens. @returns takes it back @throws the file system's errors */
export function announce(path: string, url: string): () => void {
  const file = `${path}/${RUN.url}`;
  writeFileSync(file, `${reachable(url)}\n`);
  return () => rmSync(file, { force: true });
}
