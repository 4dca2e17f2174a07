// vgg16.ts: VGG-16 (configuration D): Simonyan and Zisserman (2014), arXiv 1409.1556. 138,357,544 parameters.
// Layers have torchvision's names. Of the first Dense layer, torchvision orders the inputs channel first.

import { conv } from './blocks.ts';
import { defineModel } from './define.ts';
import { graph } from './graph.ts';
import { imageOptions, widened } from './options.ts';

/** Channels of the convolutions of each stage, which ends in a max-pool. */
const STAGES = [
  [64, 64],
  [128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [512, 512, 512],
];

export const vgg16 = defineModel({
  options: imageOptions([224, 224, 3]),
  parameters: 138_357_544,
  build(o) {
    const g = graph();
    const wide = widened(o);
    let x = g.input(o.input);
    let place = 0; // torchvision counts convolutions, relus and pools
    for (const stage of STAGES) {
      for (const filters of stage) {
        const options = { filters: wide(filters), kernel: 3, padding: 1, bias: true, activation: 'relu' };
        x = conv(g, `features.${place}`, x, options);
        place += 2;
      }
      x = g.layer('MaxPooling2D', `features.${place++}`, { pool_size: 2 }, x);
    }
    if (!o.top) return g.model('vgg16', x);
    x = g.layer('Flatten', 'flatten', {}, x);
    x = g.layer('Dense', 'classifier.0', { units: wide(4096), activation: 'relu' }, x);
    x = g.layer('Dropout', 'classifier.2', { rate: 0.5 }, x);
    x = g.layer('Dense', 'classifier.3', { units: wide(4096), activation: 'relu' }, x);
    x = g.layer('Dropout', 'classifier.5', { rate: 0.5 }, x);
    return g.model('vgg16', g.layer('Dense', 'classifier.6', { units: o.classes, activation: o.activation }, x));
  },
});
