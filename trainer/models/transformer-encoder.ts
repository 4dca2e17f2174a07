// transformer-encoder.ts: an encoder of ids that classifies whole sequences: blocks as in the first transformer, then the mean over the
// places. Source: Vaswani et al., "Attention is all you need" (2017), arXiv 1706.03762, section 3.1.
import { z } from 'zod';
import { defineModel } from './define.ts';
import { graph } from './graph.ts';
import { block, embedded, transformerSizes } from './transformer.ts';

const size = z.int().positive();

export const transformerEncoder = defineModel({
  options: z.strictObject({
    vocabulary: size.default(10_000),
    length: size.default(256),
    ...transformerSizes(256, 2, 8, 1024, 0.1),
    classes: size.default(2),
    /** Id 0 is padding: it is not attended, and not part of the mean. */
    maskZero: z.boolean().default(false),
  }),
  parameters: 4_205_570,
  build(o) {
    const g = graph();
    let x = embedded(g, o, g.input([o.length], 'int32'), o.maskZero);
    const kind = { epsilon: 1e-5, norm: 'post', activation: 'relu', causal: false } as const;
    for (let i = 0; i < o.depth; i++) x = block(g, `blocks.${i}`, { ...o, ...kind }, x);
    const mean = g.layer('GlobalAveragePooling1D', 'mean', {}, x);
    return g.model('transformer_encoder', g.layer('Dense', 'head', { units: o.classes, activation: 'softmax' }, mean));
  },
});
