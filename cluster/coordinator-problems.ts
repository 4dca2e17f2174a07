// coordinator-problems.ts: why a run of several processes fails as a whole, in words. Why a peer is turned away: problems.ts.
import { type Problem, ShoalError } from '../base/errors.ts';
import type { Job } from '../trainer/job.ts';
import { RUN } from '../trainer/run-folder.ts';
import { rowsOf, type Work } from '../trainer/work.ts';

export const notFinite = (work: Work): ShoalError =>
  new ShoalError({
    code: 'SHOAL_NOT_FINITE',
    operation:
      work.kind === 'gradient'
        ? `train step ${work.step + 1} of epoch ${work.epoch + 1}`
        : `evaluate epoch ${work.epoch + 1}`,
    got: `NaN or infinity in the sums over ${rowsOf(work)} samples, or in what an update made of them`,
    expected: 'a finite loss and finite weights',
    hint: 'Lower the learning rate, or look at the data. `shoal train --resume` in one process names the layer.',
  });

export const tooManyServers = (got: number, most: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_SERVERS',
    operation: 'cut the model into ranges',
    got: `${got} servers`,
    expected: `at most ${most}, one for each block of 4,096 parameters of a tensor`,
    hint: 'Start fewer servers: small models gain nothing from many.',
  });

export const drawnOtherwise = ({ name, sampler }: Job): ShoalError =>
  new ShoalError({
    code: 'SHOAL_JOB',
    operation: `train "${name}" in several processes`,
    got: `the sampler ${sampler.class_name}`,
    expected: '"shuffled": the audit of a run knows of no labels',
    hint: 'Train in one process, or leave "sampler" out.',
  });

export const tooLargeJob = ({ name }: Job, got: number, most: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_JOB',
    operation: `train "${name}" in several processes`,
    got: `a job of ${got} bytes, with every default filled in`,
    expected: `at most ${most}: each server and worker is sent it in one message`,
    hint: 'Keep data and weights out of the job file.',
  });

export const auditFailed = (path: string, line: number, violation: string): Problem => ({
  code: 'SHOAL_AUDIT',
  operation: `audit ${path}/${RUN.commits}`,
  got: `${violation} (line ${line})`,
  expected: 'each draw counted exactly once',
  hint: 'Please report this with the file.',
});
