// restore-best.ts: the weights of a run's best epoch, which EarlyStopping may bring back at its end: found again beside a checkpoint, and
// kept for as long as one needs them. Which epoch that is: decisions.ts.
import { z } from 'zod';
import { ShoalError } from '../base/errors.ts';
import type { Evaluated } from './callbacks/kind.ts';
import { type Checkpoint, findCheckpoints, readCheckpoint } from './checkpoint-read.ts';
import { decisionOf, evaluatedSchema } from './decisions.ts';
import type { Files } from './files.ts';
import type { Job } from './job.ts';
import type { SaveInfo } from './narrator.ts';
import { nodeFiles } from './node-files.ts';
import { restoreSnapshot, type Snapshot } from './snapshot.ts';

/** Steps of the checkpoints without which a run could not go on from those of the given steps. @param seen evaluations so far */
export const neededBy = (job: Job, seen: readonly Evaluated[], steps: readonly number[]): readonly number[] =>
  steps.flatMap((step) => bestOf(job, seen, step - 1) ?? []);

/** The best version among the evaluations up to one. */
const bestOf = (job: Job, seen: readonly Evaluated[], most: number): number | null =>
  decisionOf(
    job,
    seen.filter(({ version }) => version <= most),
  ).best;

/** What the save of a restored version is told. */
export const restoredInfo = ({ version, epoch, figures }: Evaluated): SaveInfo => ({
  epoch,
  step: version,
  epochEnd: true,
  metrics: figures,
  restored: true,
});

/**
 * What a checkpoint holds, with the weights of the best epoch before it, where the job may bring them back.
 * @throws SHOAL_CHECKPOINT_MISMATCH unless its tensors are those of the job; SHOAL_CHECKPOINT_CORRUPT without the best one
 */
export async function restoreWithBest(job: Job, checkpoint: Checkpoint, files: Files = nodeFiles): Promise<Snapshot> {
  const snapshot = restoreSnapshot(job, checkpoint);
  const best = bestOf(job, snapshot.evaluations ?? [], snapshot.version - 1);
  if (best === null) return snapshot;
  const { version, parameters, state } = await readVersion(job, checkpoint, best, files);
  return { ...snapshot, best: { version, parameters, state } };
}

/**
 * The version that a run's newest checkpoint stands for: where the run is over and its job says so, that of its best epoch.
 * @throws SHOAL_CHECKPOINT_CORRUPT where that one is missing
 */
export async function endingOf(
  job: Job,
  checkpoint: Pick<Checkpoint, 'path' | 'manifest'> & { readonly snapshot: Snapshot },
  files: Files = nodeFiles,
): Promise<Snapshot> {
  const { snapshot, manifest } = checkpoint;
  const own = z.looseObject({ evaluated: evaluatedSchema }).safeParse(manifest.extra).data?.evaluated;
  if (!own) return snapshot;
  const { best, stop } = decisionOf(job, [...(snapshot.evaluations ?? []), own]);
  const over = stop || manifest.epoch >= job.epochs;
  if (!over || best === null || best === snapshot.version) return snapshot;
  const { parameters, state } = await readVersion(job, checkpoint, best, files);
  return { ...snapshot, parameters, state };
}

/** The version of a step, from a checkpoint beside another one. */
async function readVersion(
  job: Job,
  { path }: Pick<Checkpoint, 'path'>,
  step: number,
  files: Files,
): Promise<Snapshot> {
  const directory = path.slice(0, path.lastIndexOf('/'));
  for (const found of await findCheckpoints(directory, files)) {
    if (found.step !== step) continue;
    return restoreSnapshot(job, await readCheckpoint(found.path, files));
  }
  throw new ShoalError({
    code: 'SHOAL_CHECKPOINT_CORRUPT',
    operation: `read the checkpoint ${path}`,
    got: `no checkpoint of step ${step} beside it, whose weights were the best`,
    expected: 'both: the run may have to end with those weights',
    hint: 'Bring the folder back as it was, or start a new run.',
  });
}
