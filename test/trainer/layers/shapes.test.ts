// shapes.test.ts: shapes and weights of every layer beside those that tfjs computes; what layers refuse.
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs';
import { layerOf, layers } from '../../../trainer/layers/index.ts';
import { windowAxis } from '../../../trainer/layers/window.ts';
import { parseModel } from '../../../trainer/parse-model.ts';
import { segmentsOf } from '../../../trainer/weights.ts';

type Options = Record<string, unknown>;
const sequential = (shape: readonly number[], className: string, config: Options) => ({
  class_name: 'Sequential',
  config: {
    layers: [
      { class_name: 'InputLayer', config: { shape } },
      { class_name: className, config: { name: 'it', ...config } },
    ],
  },
});
const camel = (config: Options) =>
  Object.fromEntries(
    Object.entries(config).map(([k, v]) => [k.replace(/_(.)/g, (_, c: string) => c.toUpperCase()), v]),
  );
const tfjsLayer: Readonly<Record<string, (config: never) => tf.layers.Layer>> = {
  Conv2D: tf.layers.conv2d,
  MaxPooling2D: tf.layers.maxPooling2d,
  AveragePooling2D: tf.layers.averagePooling2d,
  Dense: tf.layers.dense,
  Flatten: tf.layers.flatten,
  Dropout: tf.layers.dropout,
  Activation: tf.layers.activation,
};

const cases: [className: string, config: Options, shape: number[]][] = [
  ['Dense', { units: 7 }, [5]],
  ['Dense', { units: 7, use_bias: false, activation: 'softmax' }, [3, 4, 5]],
  ['Flatten', {}, [3, 4, 5]],
  ['Dropout', { rate: 0.5 }, [3, 4, 5]],
  ['Activation', { activation: 'relu' }, [6]],
];
for (const padding of ['valid', 'same']) {
  for (const strides of [1, 2, [1, 3]]) {
    for (const size of [1, 2, 3, [5, 3]]) {
      cases.push(['Conv2D', { filters: 4, kernel_size: size, strides, padding }, [7, 9, 3]]);
      cases.push(['MaxPooling2D', { pool_size: size, strides, padding }, [7, 8, 3]]);
      cases.push(['AveragePooling2D', { pool_size: size, padding }, [5, 6, 2]]);
    }
  }
  cases.push(['Conv2D', { filters: 4, kernel_size: 3, dilation_rate: 2, padding, use_bias: false }, [7, 9, 3]]);
}

describe('layers', () => {
  for (const [className, config, shape] of cases) {
    it(`${className} ${JSON.stringify(config)} on (${shape}) has the shape and weights that tfjs gives it`, () => {
      const peer = tf.sequential();
      peer.add(tf.layers.inputLayer({ inputShape: shape }));
      peer.add(tfjsLayer[className]!(camel(config) as never));
      const { shapes, parameters } = segmentsOf(parseModel(sequential(shape, className, config)));
      assert.deepEqual(shapes['it']!.shape, peer.outputs[0]!.shape.slice(1));
      assert.deepEqual(
        parameters.map((p) => p.shape),
        peer.getWeights().map((w) => w.shape),
      );
      peer.dispose();
    });
  }

  it('are registered by their own class name', () => {
    for (const [name, layer] of Object.entries(layers)) assert.equal(layer.className, name);
  });

  it('split the padding of "same" with the extra zero at the end, as Keras does', () => {
    assert.deepEqual(windowAxis(28, 3, 2, 1, 'same'), { output: 14, before: 0, after: 1 });
    assert.deepEqual(windowAxis(28, 3, 1, 1, 'same'), { output: 28, before: 1, after: 1 });
    assert.deepEqual(windowAxis(7, 4, 1, 1, 'same'), { output: 7, before: 1, after: 2 });
    assert.deepEqual(windowAxis(9, 3, 1, 2, 'same'), { output: 9, before: 2, after: 2 });
    assert.deepEqual(windowAxis(4, 1, 3, 1, 'same'), { output: 2, before: 0, after: 0 });
  });

  it('divide the channels of a grouped kernel (Keras 3.15: groups 2, dilation 2, "same" on (9, 8, 4) gives (9, 8, 4))', () => {
    const config = { filters: 4, kernel_size: 3, groups: 2, dilation_rate: 2, padding: 'same' };
    const { shapes, parameters } = segmentsOf(parseModel(sequential([9, 8, 4], 'Conv2D', config)));
    assert.deepEqual(shapes['it']!.shape, [9, 8, 4]);
    assert.deepEqual(parameters[0]!.shape, [3, 3, 2, 4]);
  });

  it('refuse an unknown class with the list of known ones', () => {
    assert.throws(() => layerOf('LSTM'), {
      code: 'SHOAL_UNKNOWN_LAYER',
      got: /LSTM/,
      expected: /Activation, Add, .*MaxPooling2D/,
    });
    assert.throws(() => layerOf('toString'), { code: 'SHOAL_UNKNOWN_LAYER' });
  });

  const refused: readonly [title: string, className: string, config: Options, shape: number[], error: object][] = [
    [
      'an unknown option',
      'Dense',
      { unit: 3 },
      [4],
      { code: 'SHOAL_MODEL', operation: /"it"/, got: /"unit"/, expected: /known keys: .*units/ },
    ],
    ['a missing option', 'Dense', {}, [4], { code: 'SHOAL_MODEL', got: /units/ }],
    [
      'an unknown regularizer',
      'Dense',
      { units: 3, kernel_regularizer: { class_name: 'OrthogonalRegularizer' } },
      [4],
      { code: 'SHOAL_MODEL', got: /kernel_regularizer/, expected: /L1L2/ },
    ],
    [
      'a regularizer of what the layer gives',
      'Dense',
      { units: 3, activity_regularizer: { class_name: 'L2' } },
      [4],
      { code: 'SHOAL_MODEL', got: /activity_regularizer/ },
    ],
    ['an unknown activation', 'Dense', { units: 3, activation: 'glu' }, [4], { code: 'SHOAL_MODEL', expected: /relu/ }],
    [
      'an unknown initializer',
      'Dense',
      { units: 3, bias_initializer: 'foo' },
      [4],
      { code: 'SHOAL_MODEL', expected: /HeNormal/ },
    ],
    [
      'channels first',
      'Flatten',
      { data_format: 'channels_first' },
      [4],
      { code: 'SHOAL_MODEL', expected: /channels_last/ },
    ],
    ['half precision', 'Flatten', { dtype: 'float16' }, [4], { code: 'SHOAL_MODEL', got: /float16/ }],
    [
      'strides with dilation',
      'Conv2D',
      { filters: 1, kernel_size: 2, strides: 2, dilation_rate: 2 },
      [8, 8, 1],
      { code: 'SHOAL_MODEL', got: /2 x 2/ },
    ],
    [
      'filters that groups do not divide',
      'Conv2D',
      { filters: 3, kernel_size: 2, groups: 2 },
      [8, 8, 2],
      { code: 'SHOAL_MODEL', got: /3 filters/ },
    ],
    [
      'channels that groups do not divide',
      'Conv2D',
      { filters: 4, kernel_size: 2, groups: 2 },
      [8, 8, 3],
      { code: 'SHOAL_SHAPE', got: /\(8, 8, 3\)/ },
    ],
    [
      'a convolution over a row',
      'Conv2D',
      { filters: 1, kernel_size: 2 },
      [64],
      { code: 'SHOAL_SHAPE', got: /\(64\)/, expected: /rows, columns, channels/ },
    ],
    [
      'a window larger than the image',
      'MaxPooling2D',
      { pool_size: 5 },
      [8, 4, 1],
      { code: 'SHOAL_SHAPE', got: /\(8, 4, 1\)/, expected: /\(5, 5, 1\)/ },
    ],
    ['dropping everything', 'Dropout', { rate: 1 }, [4], { code: 'SHOAL_MODEL', got: /rate/ }],
    [
      'a seed of its own for dropout',
      'Dropout',
      { rate: 0.5, seed: 3 },
      [4],
      { code: 'SHOAL_MODEL', expected: /job's seed/ },
    ],
    ['one input of two', 'Add', {}, [4], { code: 'SHOAL_MODEL', got: /1 inputs/, expected: /at least 2/ }],
  ];
  for (const [title, className, config, shape, error] of refused) {
    it(`refuse ${title}`, () => {
      assert.throws(() => parseModel(sequential(shape, className, config)), error);
    });
  }
});
