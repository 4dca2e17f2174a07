// keep-start.ts: first values that come from a file, kept as a run's first checkpoint: nowhere else would a restarted process find them.
import type { Dataset } from '../../datasets/reader.ts';
import type { Job } from '../../trainer/job.ts';
import { openRun, type RunCheckpoint } from '../../trainer/run-folder.ts';
import { recordRun } from '../../trainer/run-recorder.ts';
import type { Snapshot } from '../../trainer/snapshot.ts';
import { version } from '../version.ts';

export async function keepStart(
  path: string,
  job: Job,
  dataset: Dataset,
  start: Snapshot,
): Promise<RunCheckpoint | null> {
  const data = { train: dataset.train.hash, test: dataset.test.hash };
  const { fields } = dataset.train;
  const recorder = await recordRun({ path, job, tool: `shoal ${version}`, data, fields, from: null, emit() {} });
  await recorder.save(start, { epoch: 0, epochEnd: false, metrics: null });
  await recorder.close();
  return (await openRun(path, job)).checkpoint;
}
