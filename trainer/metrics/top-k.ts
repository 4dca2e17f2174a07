// top-k.ts: the share of samples whose label is among the k best scores.
import type { Metric } from './kind.ts';

export const topK = (k: number): Metric => ({
  name: `top_${k}`,
  counts: {
    key: `top_k:${k}`,
    length: () => 1,
    emit(build, context, y, labels, at) {
      const C = context.classes;
      const oneHot = context.labels === 'values' ? 1 : 0;
      build.call('count_top_k', { y: build.at(y), labels, count: at }, { m: 1, C, ldy: C, oneHot, k }, {});
    },
  },
  everyStep: true,
  suits: ({ exclusive, places }) => exclusive && places === 1,
  values: ([hits], samples) => ({ [`top_${k}`]: hits! / samples }),
});
