// convnext-tiny.ts: ConvNeXt-T: Liu et al. (2022), arXiv 2201.03545. 28,589,128 parameters. Layers have torchvision's names.
import { conv } from './blocks.ts';
import { defineModel } from './define.ts';
import { type Graph, graph, type Value } from './graph.ts';
import { imageOptions, widened } from './options.ts';

/** [channels, blocks] */
const STAGES = [
  [96, 3],
  [192, 3],
  [384, 9],
  [768, 3],
] as const;
/** Probability that the last block is left out; the first never is, and those between in proportion. */
const DEPTH_RATE = 0.1;

const init = { kernel_initializer: { class_name: 'TruncatedNormal', config: { stddev: 0.02 } } };
const norm = (g: Graph, name: string, x: Value): Value => g.layer('LayerNormalization', name, { epsilon: 1e-6 }, x);

export const convnextTiny = defineModel({
  options: imageOptions([224, 224, 3]),
  parameters: 28_589_128,
  build(o) {
    const g = graph();
    const wide = widened(o);
    const total = STAGES.reduce((sum, [, count]) => sum + count, 0);
    let x = g.input(o.input);
    x = conv(g, 'features.0.0', x, { filters: wide(STAGES[0][0]), kernel: 4, strides: 4, bias: true });
    x = norm(g, 'features.0.1', x);
    let index = 0;
    STAGES.forEach(([channels, count], stage) => {
      const filters = wide(channels);
      if (stage > 0) {
        const name = `features.${2 * stage}`;
        x = conv(g, `${name}.1`, norm(g, `${name}.0`, x), { filters, kernel: 2, strides: 2, bias: true });
      }
      for (let i = 0; i < count; i++) {
        const name = `features.${2 * stage + 1}.${i}`;
        let y = conv(g, `${name}.block.0`, x, { filters, kernel: 7, padding: 3, groups: filters, bias: true });
        y = norm(g, `${name}.block.2`, y);
        y = g.layer('Dense', `${name}.block.3`, { units: 4 * filters, activation: 'gelu', ...init }, y);
        y = g.layer('Dense', `${name}.block.5`, { units: filters, ...init }, y);
        y = g.layer('LayerScale', `${name}.layer_scale`, { init_values: 1e-6 }, y);
        const rate = (DEPTH_RATE * index++) / (total - 1);
        if (rate > 0) y = g.layer('DropPath', `${name}.stochastic_depth`, { rate }, y);
        x = g.layer('Add', `${name}.add`, {}, y, x);
      }
    });
    if (!o.top) return g.model('convnext_tiny', x);
    x = norm(g, 'classifier.0', g.layer('GlobalAveragePooling2D', 'avgpool', {}, x));
    return g.model(
      'convnext_tiny',
      g.layer('Dense', 'classifier.2', { units: o.classes, activation: o.activation }, x),
    );
  },
});
