// accuracy.ts: the share of samples, or of their places that have a label, whose most likely class it is; for sigmoid outputs, the share of right outputs at 0.5.
import type { Counts, Metric } from './kind.ts';

const correct: Counts = {
  key: 'correct',
  length: ({ exclusive }) => (exclusive ? 2 : 1), // right ones; places that count
  emit(build, context, y, labels, at) {
    const C = context.classes;
    const operands = { y: build.at(y), count: at };
    if (!context.exclusive) build.call('count_binary', { ...operands, targets: labels }, { m: 1, C, ldy: C }, {});
    else
      build.call(
        'count_correct',
        { ...operands, labels },
        { m: context.places, C, ldy: C, oneHot: context.labels === 'values' ? 1 : 0 },
        {},
      );
  },
};

export const accuracy: Metric = {
  name: 'accuracy',
  counts: correct,
  everyStep: true,
  suits: () => true,
  values: ([right, counted], samples, { classes }) => ({ accuracy: right! / (counted ?? samples * classes) }),
};
