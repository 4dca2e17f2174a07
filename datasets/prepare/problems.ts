// problems.ts: what a preparation refuses, and what helps. Not what is wrong with single samples: they are listed.
import { ShoalError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/hash.ts';

export const tooMany = (bad: number, budget: number, out: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_ERRORS',
    operation: `prepare ${out}`,
    got: `${bad} bad samples`,
    expected: `at most ${Math.floor(budget)}`,
    hint: 'Look at the reasons; finished shards stay. Allow more with --max-errors, a number or a share like 20%.',
  });

export const otherJob = (out: string, what: string, old: unknown, fresh: unknown): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_OTHER_JOB',
    operation: `go on in ${out}`,
    got: `another ${what}: ${canonicalJson(fresh)}`,
    expected: canonicalJson(old),
    hint: 'Choose another folder, or begin anew with --mode overwrite.',
  });

export const otherSamples = (out: string, more: number, less: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_OTHER_JOB',
    operation: `go on in ${out}`,
    got: `a source with ${more} samples more and ${less} less than planned`,
    expected: 'the same samples',
    hint: 'Use --mode extend to add the new ones in shards of their own, or --mode overwrite.',
  });
