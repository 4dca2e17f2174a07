// vit.ts: vision transformers: patches of an image and a class token through blocks. Source: Dosovitskiy et al., "An image is worth
// 16x16 words" (2020), arXiv 2010.11929. Counts and names of layers are timm's (vit_tiny_patch16_224 and so on).
import { z } from 'zod';
import { defineModel } from './define.ts';
import { graph } from './graph.ts';
import { block, NORMAL, transformerSizes } from './transformer.ts';

const size = z.int().positive();

function vit(name: string, width: number, depth: number, heads: number, parameters: number) {
  return defineModel({
    options: z.strictObject({
      /** [rows, columns, channels] */
      input: z.tuple([size, size, size]).prefault([224, 224, 3]),
      /** Rows and columns of a patch. */
      patch: size.default(16),
      ...transformerSizes(width, depth, heads, 4 * width, 0),
      classes: size.default(1000),
      /** False: the model ends before its classifier, in features. */
      top: z.boolean().default(true),
      /** Of the classifier. */
      activation: z.enum(['softmax', 'sigmoid', 'linear']).default('softmax'),
    }),
    parameters,
    build(o) {
      const g = graph();
      const places = Math.floor(o.input[0] / o.patch) * Math.floor(o.input[1] / o.patch);
      const conv = { filters: o.width, kernel_size: o.patch, strides: o.patch, kernel_initializer: NORMAL };
      const patches = g.layer('Conv2D', 'patch_embed.proj', conv, g.input(o.input));
      const sequence = g.layer('Reshape', 'sequence', { target_shape: [places, o.width] }, patches);
      const all = g.layer('ClassToken', 'cls_token', { initializer: NORMAL }, sequence);
      const config = { sequence_length: places + 1, initializer: NORMAL };
      let x = g.layer('Add', 'embedded', {}, all, g.layer('PositionEmbedding', 'pos_embed', config, all));
      if (o.dropout > 0) x = g.layer('Dropout', 'embedded_dropout', { rate: o.dropout }, x);
      const kind = { epsilon: 1e-6, norm: 'pre', activation: 'gelu', causal: false } as const;
      for (let i = 0; i < o.depth; i++) x = block(g, `blocks.${i}`, { ...o, ...kind }, x);
      // only the class token's row is read: the others need no norm
      const token = g.layer('Cropping1D', 'token', { cropping: [0, places] }, x);
      const norm = g.layer('LayerNormalization', 'norm', { epsilon: 1e-6 }, token);
      const row = g.layer('Flatten', 'row', {}, norm);
      if (!o.top) return g.model(name, row);
      return g.model(name, g.layer('Dense', 'head', { units: o.classes, activation: o.activation }, row));
    },
  });
}

export const vitTiny = vit('vit_tiny', 192, 12, 3, 5_717_416);
export const vitSmall = vit('vit_small', 384, 12, 6, 22_050_664);
export const vitB16 = vit('vit_b16', 768, 12, 12, 86_567_656);
