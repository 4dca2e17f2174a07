// resnet.ts: ResNets of basic and of bottleneck blocks, the stride in the 3 x 3 convolution, as torchvision has them: He et al. (2015),
// arXiv 1512.03385. Layers have torchvision's names.
import { z } from 'zod';
import { activate, classifier, conv, norm } from './blocks.ts';
import { defineModel } from './define.ts';
import { type Graph, graph, type Value } from './graph.ts';
import { imageOptions, widened } from './options.ts';

interface Shape {
  readonly name: string;
  readonly blocks: readonly [number, number, number, number];
  /** Three convolutions to a block, the last four times as wide. */
  readonly bottleneck: boolean;
  readonly parameters: number;
}

interface BlockOptions {
  readonly from: number;
  readonly filters: number;
  readonly strides: number;
  readonly bottleneck: boolean;
}

/** relu(convolutions of x + shortcut of x) */
function block(g: Graph, name: string, x: Value, { from, filters, strides, bottleneck }: BlockOptions): Value {
  const width = bottleneck ? 4 * filters : filters;
  const convs = bottleneck
    ? [
        { filters, kernel: 1 },
        { filters, kernel: 3, strides, padding: 1 },
        { filters: width, kernel: 1 },
      ]
    : [
        { filters, kernel: 3, strides, padding: 1 },
        { filters, kernel: 3, padding: 1 },
      ];
  let y = x;
  convs.forEach((options, i) => {
    y = norm(g, `${name}.bn${i + 1}`, conv(g, `${name}.conv${i + 1}`, y, options));
    if (i < convs.length - 1) y = activate(g, `${name}.relu${i + 1}`, y, 'relu');
  });
  const direct = strides === 1 && from === width;
  const shortcut = direct
    ? x
    : norm(g, `${name}.downsample.1`, conv(g, `${name}.downsample.0`, x, { filters: width, kernel: 1, strides }));
  return activate(g, `${name}.relu`, g.layer('Add', `${name}.add`, {}, y, shortcut), 'relu');
}

function resnet({ name, blocks, bottleneck, parameters }: Shape) {
  return defineModel({
    /** `stem: "small"`: one 3 x 3 convolution and no pool, for images of about 32 pixels (the paper's CIFAR models begin so). */
    options: imageOptions([224, 224, 3]).extend({ stem: z.enum(['large', 'small']).default('large') }),
    parameters,
    build(o) {
      const g = graph();
      const wide = widened(o);
      let x = g.input(o.input);
      const first = o.stem === 'small' ? { kernel: 3, padding: 1 } : { kernel: 7, strides: 2, padding: 3 };
      x = activate(g, 'relu', norm(g, 'bn1', conv(g, 'conv1', x, { filters: wide(64), ...first })), 'relu');
      if (o.stem === 'large') {
        // zeros are no larger than what a relu gives
        const padded = g.layer('ZeroPadding2D', 'maxpool.pad', { padding: 1 }, x);
        x = g.layer('MaxPooling2D', 'maxpool', { pool_size: 3, strides: 2 }, padded);
      }
      let from = wide(64);
      blocks.forEach((count, stage) => {
        const filters = wide(64 * 2 ** stage);
        for (let i = 0; i < count; i++) {
          const strides = i === 0 && stage > 0 ? 2 : 1;
          x = block(g, `layer${stage + 1}.${i}`, x, { from, filters, strides, bottleneck });
          from = bottleneck ? 4 * filters : filters;
        }
      });
      return g.model(name, classifier(g, x, o));
    },
  });
}

const SMALL = [2, 2, 2, 2] as const;
const MIDDLE = [3, 4, 6, 3] as const;
const LARGE = [3, 4, 23, 3] as const;
export const resnet18 = resnet({ name: 'resnet18', blocks: SMALL, bottleneck: false, parameters: 11_689_512 });
export const resnet34 = resnet({ name: 'resnet34', blocks: MIDDLE, bottleneck: false, parameters: 21_797_672 });
export const resnet50 = resnet({ name: 'resnet50', blocks: MIDDLE, bottleneck: true, parameters: 25_557_032 });
export const resnet101 = resnet({ name: 'resnet101', blocks: LARGE, bottleneck: true, parameters: 44_549_160 });
