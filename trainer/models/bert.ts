// bert.ts: an encoder that tells hidden words from the others. Source: Devlin et al., "BERT" (2018), arXiv 1810.04805; "small" as in
// Turc et al. (2019), arXiv 1908.08962: width 512, 4 blocks. Sentence pairs and their order are left out.
import { z } from 'zod';
import { defineModel } from './define.ts';
import { graph } from './graph.ts';
import { block, embedded, transformerSizes } from './transformer.ts';

const size = z.int().positive();

export const bertSmall = defineModel({
  options: z.strictObject({
    /** The last id stands for a hidden word. */
    vocabulary: size.default(30_522),
    length: size.default(128),
    ...transformerSizes(512, 4, 8, 2048, 0.1),
  }),
  parameters: 44_224_826,
  build(o) {
    const g = graph();
    const sum = embedded(g, { ...o, dropout: 0 }, g.input([o.length], 'int32'));
    let x = g.layer('LayerNormalization', 'embedded_norm', { epsilon: 1e-12 }, sum);
    if (o.dropout > 0) x = g.layer('Dropout', 'embedded_dropout', { rate: o.dropout }, x);
    const kind = { epsilon: 1e-12, norm: 'post', activation: 'gelu', causal: false } as const;
    for (let i = 0; i < o.depth; i++) x = block(g, `blocks.${i}`, { ...o, ...kind }, x);
    x = g.layer('Dense', 'head_dense', { units: o.width, activation: 'gelu' }, x);
    x = g.layer('LayerNormalization', 'head_norm', { epsilon: 1e-12 }, x);
    return g.model('bert_small', g.layer('Dense', 'head', { units: o.vocabulary, activation: 'softmax' }, x));
  },
});
