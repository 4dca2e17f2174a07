// weights.test.ts: where weights lie in the flat vector and in memory; the figures of a summary.
import assert from 'node:assert/strict';
import { parseModel } from '../../trainer/parse-model.ts';
import { summarize } from '../../trainer/summary.ts';
import { segmentsOf } from '../../trainer/weights.ts';

const layer = (class_name: string, config: Record<string, unknown> = {}) => ({ class_name, config });
const model = parseModel({
  class_name: 'Sequential',
  config: {
    layers: [
      layer('InputLayer', { batch_shape: [null, 28, 28, 1] }),
      layer('Conv2D', { filters: 5, kernel_size: 3, activation: 'relu' }),
      layer('MaxPooling2D'),
      layer('Flatten'),
      layer('Dense', { units: 10, use_bias: false }),
      layer('Dense', { units: 3 }),
    ],
  },
});

describe('the weights of a model', () => {
  it('lie compact in the flat vector, and from 64 bytes to 64 bytes in memory', () => {
    const { parameters, state, counts } = segmentsOf(model);
    assert.deepEqual(parameters, [
      { path: 'conv2d/kernel', shape: [3, 3, 1, 5], length: 45, flat: 0, at: 0 },
      { path: 'conv2d/bias', shape: [5], length: 5, flat: 45, at: 48 },
      { path: 'dense/kernel', shape: [845, 10], length: 8450, flat: 50, at: 64 },
      { path: 'dense_1/kernel', shape: [10, 3], length: 30, flat: 8500, at: 8528 },
      { path: 'dense_1/bias', shape: [3], length: 3, flat: 8530, at: 8560 },
    ]);
    assert.deepEqual(state, []);
    assert.deepEqual(counts, { parameters: 8533, state: 0 });
  });

  it('and its shapes are named by call', () => {
    const { shapes } = segmentsOf(model);
    assert.deepEqual(
      Object.entries(shapes).map(([name, { shape }]) => `${name} ${shape.join('x')}`),
      ['input_layer 28x28x1', 'conv2d 26x26x5', 'max_pooling2d 13x13x5', 'flatten 845', 'dense 10', 'dense_1 3'],
    );
  });

  it('are summed up with what convolutions of single channels and transposed ones compute', () => {
    const of = (shape: readonly number[], ...layers: readonly object[]) =>
      summarize(
        parseModel({
          class_name: 'Sequential',
          config: {
            name: 'm',
            layers: [{ class_name: 'InputLayer', config: { batch_shape: [null, ...shape] } }, ...layers],
          },
        }),
      ).rows.map(({ flops }) => flops);
    const depthwise = { class_name: 'DepthwiseConv2D', config: { kernel_size: 3, padding: 'same', strides: 2 } };
    const twice = { class_name: 'DepthwiseConv2D', config: { kernel_size: 3, depth_multiplier: 2 } };
    assert.deepEqual(of([8, 8, 6], depthwise, twice), [2 * 4 * 4 * 6 * 9, 2 * 2 * 2 * 12 * 9]);
    const separable = { class_name: 'SeparableConv2D', config: { kernel_size: 3, filters: 5 } };
    assert.deepEqual(of([8, 8, 6], separable), [2 * 6 * 6 * (6 * 9 + 6 * 5)]);
    const spread = { class_name: 'Conv2DTranspose', config: { kernel_size: 3, filters: 5, strides: 2 } };
    assert.deepEqual(of([4, 4, 6], spread), [2 * 4 * 4 * 6 * 9 * 5]);
  });

  // torchvision.models.ViT_B_16_Weights.IMAGENET1K_V1.meta['_ops'], and so on
  for (const [builder, ops] of Object.entries({
    vit_b16: '17.564',
    mobilenet_v2: '0.301',
    efficientnet_b0: '0.386',
    convnext_tiny: '4.456',
    resnet50: '4.089',
  }))
    it(`are summed up to the ${ops} billion multiply-adds that torchvision states of ${builder}`, () => {
      assert.equal((summarize(parseModel({ builder })).flops / 2e9).toFixed(3), ops);
    });

  it('are summed up with two operations for each multiply-add', () => {
    const summary = summarize(model);
    assert.deepEqual(summary.rows[0], {
      layer: 'conv2d',
      className: 'Conv2D',
      output: [26, 26, 5],
      parameters: 50,
      flops: 2 * 26 * 26 * 9 * 5,
    });
    assert.equal(summary.parameters, 8533);
    assert.equal(summary.flops, 2 * (26 * 26 * 9 * 5 + 8450 + 30));
    assert.equal(summary.rows.length, 5);
  });
});
