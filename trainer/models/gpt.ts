// gpt.ts: a causal transformer that tells the next id of each place. Source: Radford et al., "Language models are unsupervised multitask
// learners" (2019); "nano" as in minGPT: width 48, 3 blocks. The last layer has weights of its own.
import { z } from 'zod';
import { defineModel } from './define.ts';
import { graph } from './graph.ts';
import { block, embedded, transformerSizes } from './transformer.ts';

const size = z.int().positive();

export const gptNano = defineModel({
  options: z.strictObject({
    vocabulary: size.default(256),
    length: size.default(128),
    ...transformerSizes(48, 3, 3, 192, 0.1),
  }),
  parameters: 115_632,
  build(o) {
    const g = graph();
    let x = embedded(g, o, g.input([o.length], 'int32'));
    const kind = { epsilon: 1e-5, norm: 'pre', activation: 'gelu', causal: true } as const;
    for (let i = 0; i < o.depth; i++) x = block(g, `blocks.${i}`, { ...o, ...kind }, x);
    const norm = g.layer('LayerNormalization', 'norm', { epsilon: 1e-5 }, x);
    const head = { units: o.vocabulary, activation: 'softmax', use_bias: false };
    return g.model('gpt_nano', g.layer('Dense', 'head', head, norm));
  },
});
