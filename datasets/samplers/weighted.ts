// weighted.ts: draws with replacement: each place of an epoch draws anew, classes by weight. Some samples come often, others never.
import { z } from 'zod';
import { ShoalError } from '../../base/errors.ts';
import { draws, SITE } from '../../base/random.ts';
import { byClass, type Facts, type Order, samplerKind } from './kind.ts';

/** A sample is drawn in proportion to the weight of its class, as by PyTorch's WeightedRandomSampler. */
export const weighted = samplerKind({
  config: { weights: z.array(z.number().nonnegative()).nonempty() },
  byLabel: true,
  open({ weights }, facts) {
    if (weights.length !== facts.classes)
      throw wrong(`${weights.length} weights`, `${facts.classes}, one for each class`);
    const members = byClass(facts);
    return drawing(
      facts,
      members,
      weights.map((weight, label) => weight * members[label]!.length),
    );
  },
});

/** Every class as often as any other, however many samples it has. */
export const balanced = samplerKind({
  config: {},
  byLabel: true,
  open(_, facts) {
    const members = byClass(facts);
    return drawing(
      facts,
      members,
      members.map(({ length }) => Number(length > 0)),
    );
  },
});

/** A class by the first word of a place, one of its samples by the second. @param shares of all draws, by class; of any sum */
function drawing({ seed }: Facts, members: readonly Uint32Array[], shares: readonly number[]): Order {
  let sum = 0;
  const ends = shares.map((share) => {
    sum += share;
    return sum;
  });
  if (!(sum > 0 && Number.isFinite(sum)))
    throw wrong('weights of nothing', 'a class with samples and a weight above 0');
  return (epoch, first, size) => {
    const word = draws(seed, 0, SITE.weights, epoch);
    return Uint32Array.from({ length: size }, (_, i) => {
      const place = 2 * (first + i);
      const point = (word(place) / 2 ** 32) * sum;
      const samples = members[ends.findIndex((end) => point < end)]!;
      return samples[Math.floor((word(place + 1) * samples.length) / 2 ** 32)]!;
    });
  };
}

const wrong = (got: string, expected: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_JOB',
    operation: 'draw samples by the weights of their classes',
    got,
    expected,
    hint: 'docs/data.md describes the samplers.',
  });
