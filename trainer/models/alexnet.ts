// alexnet.ts: AlexNet in one tower, as torchvision has it: Krizhevsky, "One weird trick" (2014), arXiv 1404.5997. 61,100,840 parameters.
// Layers have torchvision's names. Of the first Dense layer, torchvision orders the inputs channel first.

import { conv } from './blocks.ts';
import { defineModel } from './define.ts';
import { graph, type Value } from './graph.ts';
import { imageOptions, widened } from './options.ts';

export const alexnet = defineModel({
  options: imageOptions([224, 224, 3]),
  parameters: 61_100_840,
  build(o) {
    const g = graph();
    const wide = widened(o);
    const relu = { bias: true, activation: 'relu' } as const;
    const pool = (name: string, from: Value) => g.layer('MaxPooling2D', name, { pool_size: 3, strides: 2 }, from);
    let x = g.input(o.input);
    x = conv(g, 'features.0', x, { filters: wide(64), kernel: 11, strides: 4, padding: 2, ...relu });
    x = pool('features.2', x);
    x = conv(g, 'features.3', x, { filters: wide(192), kernel: 5, padding: 2, ...relu });
    x = pool('features.5', x);
    x = conv(g, 'features.6', x, { filters: wide(384), kernel: 3, padding: 1, ...relu });
    x = conv(g, 'features.8', x, { filters: wide(256), kernel: 3, padding: 1, ...relu });
    x = conv(g, 'features.10', x, { filters: wide(256), kernel: 3, padding: 1, ...relu });
    x = pool('features.12', x);
    if (!o.top) return g.model('alexnet', x);
    x = g.layer('Flatten', 'flatten', {}, x);
    x = g.layer('Dropout', 'classifier.0', { rate: 0.5 }, x);
    x = g.layer('Dense', 'classifier.1', { units: wide(4096), activation: 'relu' }, x);
    x = g.layer('Dropout', 'classifier.3', { rate: 0.5 }, x);
    x = g.layer('Dense', 'classifier.4', { units: wide(4096), activation: 'relu' }, x);
    return g.model('alexnet', g.layer('Dense', 'classifier.6', { units: o.classes, activation: o.activation }, x));
  },
});
