// googlenet.ts: GoogLeNet (Inception v1) with batch normalisation and without the auxiliary classifiers, as torchvision has it: Szegedy
// et al. (2014), arXiv 1409.4842. 6,624,904 parameters. Layers have torchvision's names.
import { activate, classifier, conv, norm } from './blocks.ts';
import { defineModel } from './define.ts';
import { type Graph, graph, type Value } from './graph.ts';
import { imageOptions, widened } from './options.ts';

/** Channels: 1 x 1; 3 x 3 after 1 x 1; the second 3 x 3 (5 x 5 in the paper) after 1 x 1; 1 x 1 after the pool. Null: a max-pool. */
const BLOCKS = {
  inception3a: [64, 96, 128, 16, 32, 32],
  inception3b: [128, 128, 192, 32, 96, 64],
  maxpool3: null,
  inception4a: [192, 96, 208, 16, 48, 64],
  inception4b: [160, 112, 224, 24, 64, 64],
  inception4c: [128, 128, 256, 24, 64, 64],
  inception4d: [112, 144, 288, 32, 64, 64],
  inception4e: [256, 160, 320, 32, 128, 128],
  maxpool4: null,
  inception5a: [256, 160, 320, 32, 128, 128],
  inception5b: [384, 192, 384, 48, 128, 128],
} as const;

function step(g: Graph, name: string, x: Value, options: Parameters<typeof conv>[3]): Value {
  return activate(g, `${name}.relu`, norm(g, `${name}.bn`, conv(g, `${name}.conv`, x, options), 1e-3), 'relu');
}

export const googlenet = defineModel({
  options: imageOptions([224, 224, 3]),
  parameters: 6_624_904,
  build(o) {
    const g = graph();
    const wide = widened(o);
    // "same" and a stride of 2 over an even number of rows: what PyTorch calls ceil_mode
    const pool = (name: string, x: Value, pool_size: number) =>
      g.layer('MaxPooling2D', name, { pool_size, strides: 2, padding: 'same' }, x);
    let x = g.input(o.input);
    x = step(g, 'conv1', x, { filters: wide(64), kernel: 7, strides: 2, padding: 3 });
    x = pool('maxpool1', x, 3);
    x = step(g, 'conv2', x, { filters: wide(64), kernel: 1 });
    x = step(g, 'conv3', x, { filters: wide(192), kernel: 3, padding: 1 });
    x = pool('maxpool2', x, 3);
    for (const [name, block] of Object.entries(BLOCKS)) {
      if (block === null) {
        x = pool(name, x, name === 'maxpool4' ? 2 : 3);
        continue;
      }
      const [a, b0, b1, c0, c1, d] = block.map(wide) as [number, number, number, number, number, number];
      const pooled = g.layer('MaxPooling2D', `${name}.branch4.0`, { pool_size: 3, strides: 1, padding: 'same' }, x);
      const one = step(g, `${name}.branch1`, x, { filters: a, kernel: 1 });
      const two = step(g, `${name}.branch2.0`, x, { filters: b0, kernel: 1 });
      const three = step(g, `${name}.branch3.0`, x, { filters: c0, kernel: 1 });
      x = g.layer(
        'Concatenate',
        `${name}.concat`,
        {},
        one,
        step(g, `${name}.branch2.1`, two, { filters: b1, kernel: 3, padding: 1 }),
        step(g, `${name}.branch3.1`, three, { filters: c1, kernel: 3, padding: 1 }),
        step(g, `${name}.branch4.1`, pooled, { filters: d, kernel: 1 }),
      );
    }
    return g.model('googlenet', classifier(g, x, o, { pool: 'avgpool', dense: 'fc', dropout: 0.2 }));
  },
});
