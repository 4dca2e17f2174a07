// open-trained.ts: the newest checkpoint of a run, for commands that need one, with the weights that the run ended with; damaged ones are told
// of and passed over.
import { ShoalError } from '../../base/errors.ts';
import type { Job } from '../../trainer/job.ts';
import { endingOf } from '../../trainer/restore-best.ts';
import { openRun, type RunCheckpoint } from '../../trainer/run-folder.ts';
import { warningText } from '../output/errors.ts';
import type { Screen } from '../output/screen.ts';

export interface Trained {
  readonly path: string;
  readonly job: Job;
  readonly checkpoint: RunCheckpoint;
}

/** @throws SHOAL_RUN_MISSING, SHOAL_RUN_NO_CHECKPOINT */
export async function openTrained(path: string, screen: Screen): Promise<Trained> {
  const directory = path.replace(/(?<=.)\/+$/, '');
  const { job, checkpoint, problems } = await openRun(directory);
  for (const problem of problems) screen.err(warningText(problem, screen.errColors));
  if (checkpoint)
    return { path: directory, job, checkpoint: { ...checkpoint, snapshot: await endingOf(job, checkpoint) } };
  throw new ShoalError({
    code: 'SHOAL_RUN_NO_CHECKPOINT',
    operation: `open the run ${directory}`,
    got: 'no whole checkpoint',
    expected: 'at least one',
    hint: `Train it first: npx shoal train --resume ${directory}`,
  });
}
