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

type Keyed = readonly { readonly key: string }[];

/** "a, b, c, ..." */
export const firstKeys = (samples: Keyed): string => {
  const named = samples.slice(0, 3).map(({ key }) => key);
  return named.join(', ') + (samples.length > named.length ? ', ...' : '');
};

const names = (samples: Keyed): string => (samples.length === 0 ? '' : ` (${firstKeys(samples)})`);

export const otherSamples = (out: string, more: Keyed, less: Keyed): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_OTHER_JOB',
    operation: `go on in ${out}`,
    got: `a source with ${more.length} samples more${names(more)} and ${less.length} less${names(less)} than planned`,
    expected: 'the same samples',
    hint:
      more.length > 0
        ? 'Use --mode extend to add the new ones in shards of their own, or --mode overwrite.'
        : 'Use --mode overwrite to begin anew without them.',
  });

export const otherContents = (out: string, changed: Keyed): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_OTHER_JOB',
    operation: `go on in ${out}`,
    got: `${changed.length} samples that have changed${names(changed)}, by which others are left out, or kept, or in other parts`,
    expected: 'the same contents, or changes that concern no other sample',
    hint: 'Choose another folder, or begin anew with --mode overwrite.',
  });

export const otherwiseNamed = (out: string, moved: Keyed): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_OTHER_JOB',
    operation: `extend ${out}`,
    got: `${moved.length} samples with the contents of others that are gone, but another label, or other boxes or the like${names(moved)}`,
    expected: 'new samples, or such as have another name only',
    hint: 'The old ones would stay, as they were: choose another folder, or begin anew with --mode overwrite.',
  });
