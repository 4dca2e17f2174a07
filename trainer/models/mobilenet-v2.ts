// mobilenet-v2.ts: MobileNetV2: Sandler et al. (2018), arXiv 1801.04381. 3,504,872 parameters. Layers have torchvision's names.
import { activate, classifier, conv, norm } from './blocks.ts';
import { defineModel } from './define.ts';
import { type Graph, graph, type Value } from './graph.ts';
import { byEight, imageOptions } from './options.ts';

/** [factor of the widened middle, channels, blocks, stride of the first] */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** A convolution, its normalisation and a relu6, under torchvision's numbers in a Sequential. */
function step(g: Graph, name: string, x: Value, options: Parameters<typeof conv>[3]): Value {
  return activate(g, `${name}.2`, norm(g, `${name}.1`, conv(g, `${name}.0`, x, options)), 'relu6');
}

export const mobilenetV2 = defineModel({
  options: imageOptions([224, 224, 3]),
  parameters: 3_504_872,
  build(o) {
    const g = graph();
    const wide = (channels: number) => byEight(channels * o.width);
    let from = wide(32);
    let x = g.input(o.input);
    x = step(g, 'features.0', x, { filters: from, kernel: 3, strides: 2, padding: 1 });
    let place = 1;
    for (const [factor, channels, count, first] of STAGES) {
      for (let i = 0; i < count; i++) {
        const name = `features.${place++}.conv`;
        const strides = i === 0 ? first : 1;
        const filters = wide(channels);
        const middle = from * factor;
        let y = x;
        let part = 0;
        if (factor > 1) y = step(g, `${name}.${part++}`, y, { filters: middle, kernel: 1 });
        y = step(g, `${name}.${part++}`, y, { filters: middle, kernel: 3, strides, padding: 1, groups: middle });
        y = norm(g, `${name}.${part + 1}`, conv(g, `${name}.${part}`, y, { filters, kernel: 1 }));
        x = strides === 1 && from === filters ? g.layer('Add', `${name}.add`, {}, x, y) : y;
        from = filters;
      }
    }
    x = step(g, `features.${place}`, x, { filters: byEight(1280 * Math.max(1, o.width)), kernel: 1 });
    return g.model('mobilenet_v2', classifier(g, x, o, { pool: 'avgpool', dense: 'classifier.1', dropout: 0.2 }));
  },
});
