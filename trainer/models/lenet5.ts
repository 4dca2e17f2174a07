// lenet5.ts: LeNet-5 as it is trained today: relu, max-pool, softmax. LeCun et al., "Gradient-based learning applied to document
// recognition" (1998). 61,706 parameters for 28 x 28 x 1 and 10 classes.

import { defineModel } from './define.ts';
import { graph } from './graph.ts';
import { imageOptions, widened } from './options.ts';

export const lenet5 = defineModel({
  options: imageOptions([28, 28, 1], 10),
  parameters: 61_706,
  build(o) {
    const g = graph();
    const wide = widened(o);
    const conv = { kernel_size: 5, activation: 'relu' };
    const pool = (name: string, from: string) => g.layer('MaxPooling2D', name, { pool_size: 2 }, from);
    let x = g.input(o.input);
    x = pool('pool1', g.layer('Conv2D', 'conv1', { ...conv, filters: wide(6), padding: 'same' }, x));
    x = pool('pool2', g.layer('Conv2D', 'conv2', { ...conv, filters: wide(16) }, x));
    if (!o.top) return g.model('lenet5', x);
    x = g.layer('Flatten', 'flatten', {}, x);
    x = g.layer('Dense', 'fc1', { units: wide(120), activation: 'relu' }, x);
    x = g.layer('Dense', 'fc2', { units: wide(84), activation: 'relu' }, x);
    return g.model('lenet5', g.layer('Dense', 'fc3', { units: o.classes, activation: o.activation }, x));
  },
});
