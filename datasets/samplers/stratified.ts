// stratified.ts: every sample once an epoch, in random order, each class spread evenly: all batches have about the same shares of classes.
import { draws, SITE, unit } from '../../base/random.ts';
import { consecutive, permutation } from '../permutation.ts';
import { byClass, samplerKind, wholeEpochs } from './kind.ts';

/** A class of n samples is shuffled, and its j-th put at a random point between j / n and (j + 1) / n of the epoch. */
export const stratified = samplerKind({
  config: {},
  byLabel: true,
  open(_, facts) {
    const members = byClass(facts);
    return wholeEpochs((epoch) => {
      const at = new Float64Array(facts.length);
      members.forEach((samples, label) => {
        const order = permutation(samples.length, draws(facts.seed, 2 * label, SITE.strata, epoch));
        const word = draws(facts.seed, 2 * label + 1, SITE.strata, epoch);
        order.forEach((member, j) => {
          at[samples[member]!] = (j + unit(word(j))) / samples.length;
        });
      });
      return consecutive(0, facts.length).sort((a, b) => at[a]! - at[b]! || a - b);
    });
  },
});
