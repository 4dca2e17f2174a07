// efficientnet-b0.ts: EfficientNet-B0: Tan and Le (2019), arXiv 1905.11946. 5,288,548 parameters. Layers have torchvision's names.
import { activate, classifier, conv, norm } from './blocks.ts';
import { defineModel } from './define.ts';
import { type Graph, graph, type Value } from './graph.ts';
import { byEight, imageOptions } from './options.ts';

/** [factor of the widened middle, kernel, stride of the first, channels, blocks] */
const STAGES = [
  [1, 3, 1, 16, 1],
  [6, 3, 2, 24, 2],
  [6, 5, 2, 40, 2],
  [6, 3, 2, 80, 3],
  [6, 5, 1, 112, 3],
  [6, 5, 2, 192, 4],
  [6, 3, 1, 320, 1],
] as const;
/** Probability that the last block is left out; the first never is, and those between in proportion. */
const DEPTH_RATE = 0.2;

function step(g: Graph, name: string, x: Value, options: Parameters<typeof conv>[3]): Value {
  return activate(g, `${name}.2`, norm(g, `${name}.1`, conv(g, `${name}.0`, x, options)), 'silu');
}

/** Channels scaled by what two 1 x 1 convolutions make of their means. */
function squeezeAndExcite(g: Graph, name: string, x: Value, channels: number, squeezed: number): Value {
  const mean = g.layer('GlobalAveragePooling2D', `${name}.avgpool`, { keepdims: true }, x);
  const less = conv(g, `${name}.fc1`, mean, { filters: squeezed, kernel: 1, bias: true, activation: 'silu' });
  const factors = conv(g, `${name}.fc2`, less, { filters: channels, kernel: 1, bias: true, activation: 'sigmoid' });
  return g.layer('Multiply', `${name}.scale`, {}, x, factors);
}

export const efficientnetB0 = defineModel({
  options: imageOptions([224, 224, 3]),
  parameters: 5_288_548,
  build(o) {
    const g = graph();
    const wide = (channels: number) => byEight(channels * o.width);
    const total = STAGES.reduce((sum, [, , , , count]) => sum + count, 0);
    let from = wide(32);
    let x = g.input(o.input);
    x = step(g, 'features.0', x, { filters: from, kernel: 3, strides: 2, padding: 1 });
    let index = 0;
    STAGES.forEach(([factor, kernel, first, channels, count], stage) => {
      for (let i = 0; i < count; i++) {
        const block = `features.${stage + 1}.${i}`;
        const strides = i === 0 ? first : 1;
        const filters = wide(channels);
        const middle = byEight(from * factor);
        let y = x;
        let part = 0;
        const name = () => `${block}.block.${part++}`;
        if (middle !== from) y = step(g, name(), y, { filters: middle, kernel: 1 });
        const padding = (kernel - 1) / 2;
        y = step(g, name(), y, { filters: middle, kernel, strides, padding, groups: middle });
        y = squeezeAndExcite(g, name(), y, middle, Math.max(1, Math.floor(from / 4)));
        const last = name();
        y = norm(g, `${last}.1`, conv(g, `${last}.0`, y, { filters, kernel: 1 }));
        if (strides === 1 && from === filters) {
          const rate = (DEPTH_RATE * index) / total;
          if (rate > 0) y = g.layer('DropPath', `${block}.stochastic_depth`, { rate }, y);
          y = g.layer('Add', `${block}.add`, {}, y, x);
        }
        x = y;
        from = filters;
        index++;
      }
    });
    x = step(g, `features.${STAGES.length + 1}`, x, { filters: 4 * from, kernel: 1 });
    return g.model('efficientnet_b0', classifier(g, x, o, { pool: 'avgpool', dense: 'classifier.1', dropout: 0.2 }));
  },
});
