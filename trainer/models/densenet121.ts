// densenet121.ts: DenseNet-121: Huang et al. (2016), arXiv 1608.06993. 7,978,856 parameters. Layers have torchvision's names.
import { activate, classifier, conv, norm } from './blocks.ts';
import { defineModel } from './define.ts';
import { graph } from './graph.ts';
import { imageOptions, widened } from './options.ts';

const BLOCKS = [6, 12, 24, 16] as const;
/** Channels that each layer adds. */
const GROWTH = 32;

export const densenet121 = defineModel({
  options: imageOptions([224, 224, 3]),
  parameters: 7_978_856,
  build(o) {
    const g = graph();
    const wide = widened(o);
    const growth = wide(GROWTH);
    let channels = 2 * growth;
    let x = g.input(o.input);
    x = conv(g, 'features.conv0', x, { filters: channels, kernel: 7, strides: 2, padding: 3 });
    x = activate(g, 'features.relu0', norm(g, 'features.norm0', x), 'relu');
    // zeros are no larger than what a relu gives
    x = g.layer('ZeroPadding2D', 'features.pool0.pad', { padding: 1 }, x);
    x = g.layer('MaxPooling2D', 'features.pool0', { pool_size: 3, strides: 2 }, x);
    BLOCKS.forEach((count, b) => {
      const block = `features.denseblock${b + 1}`;
      for (let i = 1; i <= count; i++) {
        const name = `${block}.denselayer${i}`;
        let y = activate(g, `${name}.relu1`, norm(g, `${name}.norm1`, x), 'relu');
        y = conv(g, `${name}.conv1`, y, { filters: 4 * growth, kernel: 1 });
        y = activate(g, `${name}.relu2`, norm(g, `${name}.norm2`, y), 'relu');
        y = conv(g, `${name}.conv2`, y, { filters: growth, kernel: 3, padding: 1 });
        x = g.layer('Concatenate', `${name}.concat`, {}, x, y);
        channels += growth;
      }
      if (b === BLOCKS.length - 1) return;
      const name = `features.transition${b + 1}`;
      channels = Math.floor(channels / 2);
      x = activate(g, `${name}.relu`, norm(g, `${name}.norm`, x), 'relu');
      x = conv(g, `${name}.conv`, x, { filters: channels, kernel: 1 });
      x = g.layer('AveragePooling2D', `${name}.pool`, { pool_size: 2 }, x);
    });
    x = activate(g, 'features.relu5', norm(g, 'features.norm5', x), 'relu');
    return g.model('densenet121', classifier(g, x, o, { pool: 'avgpool', dense: 'classifier' }));
  },
});
