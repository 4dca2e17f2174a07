// parse-model.test.ts: files of Keras 3.15 and objects of tfjs are read; what is wrong in a model is said by name.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { parseModel } from '../../trainer/parse-model.ts';
import { segmentsOf } from '../../trainer/weights.ts';

type Json = Record<string, unknown>;
const fixture = (name: string): Json =>
  JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8'));
const layer = (class_name: string, config: Json = {}) => ({ class_name, config });
const input = layer('InputLayer', { shape: [4] });
const sequential = (...layers: readonly unknown[]) => ({ class_name: 'Sequential', config: { layers } });
/** Functional in the older dialect: name -> its layer and the names it is called on. */
const graph = (layers: Readonly<Record<string, readonly [ReturnType<typeof layer>, ...string[]]>>, output: string) => ({
  class_name: 'Model',
  config: {
    layers: [
      { ...layer('InputLayer', { batch_input_shape: [null, 4] }), name: 'x', inbound_nodes: [] },
      ...Object.entries(layers).map(([name, [entry, ...from]]) => ({
        ...entry,
        name,
        inbound_nodes: [from.map((each) => [each, 0, 0, {}])],
      })),
    ],
    input_layers: [['x', 0, 0]],
    output_layers: [[output, 0, 0]],
  },
});
const dense = layer('Dense', { units: 4 });

describe('reading a model', () => {
  it('takes a Sequential that Keras 3.15 wrote, with its weights in Keras order', () => {
    const model = parseModel(fixture('keras3-sequential'));
    const { parameters, shapes, counts } = segmentsOf(model);
    assert.equal(model.name, 's');
    // From Keras: [(v.path, v.shape) for v in s.weights], s.count_params(), s.output_shape
    assert.deepEqual(
      parameters.map((p) => [p.path, ...p.shape]),
      [
        ['conv2d/kernel', 3, 3, 1, 32],
        ['conv2d/bias', 32],
        ['dense/kernel', 512, 10],
        ['dense/bias', 10],
      ],
    );
    assert.equal(counts.parameters, 5450);
    assert.deepEqual(shapes[model.outputs[0]!], { shape: [10] });
  });

  it('takes a Functional with a shared layer and a sum that Keras 3.15 wrote', () => {
    const model = parseModel(fixture('keras3-functional'));
    assert.deepEqual(model.inputs, [{ name: 'image', spec: { shape: [8, 8, 3] } }]);
    assert.deepEqual(model.calls, [
      { name: 'shared', layer: 'shared', inputs: ['image'] },
      { name: 'shared:1', layer: 'shared', inputs: ['shared'] },
      { name: 'sum', layer: 'sum', inputs: ['image', 'shared:1'] },
      { name: 'flat', layer: 'flat', inputs: ['sum'] },
      { name: 'out', layer: 'out', inputs: ['flat'] },
    ]);
    assert.deepEqual(model.outputs, ['out']);
    assert.equal(segmentsOf(model).counts.parameters, 856);
  });

  it('takes what toJSON of tfjs gives, sequential and functional, with the same weights', () => {
    const sequence = tf.sequential({
      layers: [
        tf.layers.conv2d({ inputShape: [12, 12, 1], filters: 3, kernelSize: 3, activation: 'relu' }),
        tf.layers.averagePooling2d({ poolSize: 2 }),
        tf.layers.flatten(),
        tf.layers.dropout({ rate: 0.5 }),
        tf.layers.dense({ units: 10, activation: 'softmax', kernelInitializer: 'heNormal' }),
      ],
    });
    const x = tf.input({ shape: [8, 8, 3] });
    const shared = tf.layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same' });
    const y = shared.apply(shared.apply(x)) as tf.SymbolicTensor;
    const functional = tf.model({ inputs: x, outputs: tf.layers.add().apply([x, y]) as tf.SymbolicTensor });
    for (const peer of [sequence, functional]) {
      const { parameters } = segmentsOf(parseModel(peer.toJSON(null, false)));
      const weights = peer.getWeights();
      assert.deepEqual(
        parameters.map((p) => p.shape),
        weights.map((w) => w.shape),
      );
      peer.dispose();
    }
  });

  it('takes a bare list of layers, as Keras 2.2 wrote it, and the input on the first layer', () => {
    const first = layer('Dense', { units: 4, batch_input_shape: [null, 7], name: 'first' });
    const model = parseModel({ class_name: 'Sequential', config: [first, dense] });
    assert.deepEqual(model.inputs, [{ name: 'first_input', spec: { shape: [7] } }]);
    assert.deepEqual(
      model.calls.map((call) => [call.name, ...call.inputs]),
      [
        ['first', 'first_input'],
        ['dense', 'first'],
      ],
    );
  });

  it('gives layers without a name those of Keras, skipping names that are taken', () => {
    const image = layer('InputLayer', { batch_shape: [null, 9, 9, 1] });
    const conv = layer('Conv2D', { filters: 1, kernel_size: 2 });
    const taken = layer('Dense', { units: 1, name: 'dense_1' });
    const model = parseModel(
      sequential(image, conv, conv, layer('MaxPooling2D'), layer('Flatten'), dense, taken, dense),
    );
    const expected = ['conv2d', 'conv2d_1', 'max_pooling2d', 'flatten', 'dense', 'dense_1', 'dense_2'];
    assert.deepEqual(Object.keys(model.layers), expected);
    assert.equal(model.inputs[0]!.name, 'input_layer');
  });

  it('orders calls by need and otherwise as written, and weights as written', () => {
    const model = parseModel(
      graph(
        {
          sum: [layer('Add'), 'b', 'a'],
          a: [dense, 'x'],
          c: [layer('Activation', { activation: 'relu' }), 'sum'],
          b: [dense, 'x'],
        },
        'c',
      ),
    );
    assert.deepEqual(
      model.calls.map((call) => call.name),
      ['a', 'b', 'sum', 'c'],
    );
    assert.deepEqual(model.calls[2]!.inputs, ['b', 'a']);
    assert.deepEqual(Object.keys(model.layers), ['sum', 'a', 'c', 'b']);
    assert.deepEqual(
      segmentsOf(model).parameters.map((p) => p.path),
      ['a/kernel', 'a/bias', 'b/kernel', 'b/bias'],
    );
  });

  it('gives both dialects of the same graph the same model', () => {
    const tensor = (name: string) => ({ class_name: '__keras_tensor__', config: { keras_history: [name, 0, 0] } });
    const old = graph({ a: [dense, 'x'], sum: [layer('Add'), 'x', 'a'] }, 'sum');
    const [x, a, sum] = old.config.layers;
    const nodes = (...args: unknown[]) => [{ args, kwargs: {} }];
    const keras3 = {
      class_name: 'Functional',
      config: {
        layers: [
          x,
          { ...a, inbound_nodes: nodes(tensor('x')) },
          { ...sum, inbound_nodes: nodes([tensor('x'), tensor('a')]) },
        ],
        input_layers: ['x', 0, 0],
        output_layers: ['sum', 0, 0],
      },
    };
    assert.deepEqual(parseModel(keras3), parseModel(old));
  });

  const twice = graph({ b: [dense, 'x'] }, 'b');
  twice.config.output_layers.push(['b', 0, 0]);
  const wrongInput = graph({ a: [dense, 'x'] }, 'a');
  wrongInput.config.input_layers.push(['a', 0, 0]);
  const refused: readonly [title: string, model: unknown, error: object][] = [
    ['no model', 3, { code: 'SHOAL_MODEL', expected: /Sequential/ }],
    ['an unknown class of model', { class_name: 'Sequentail' }, { code: 'SHOAL_MODEL', got: /Sequentail/ }],
    [
      'an unknown key beside the layers',
      { ...sequential(input, dense), layer: [] },
      { code: 'SHOAL_MODEL', got: /"layer"/ },
    ],
    ['a model without layers', sequential(input), { code: 'SHOAL_MODEL', got: /no layers/ }],
    ['a model without an input', sequential(dense), { code: 'SHOAL_MODEL', got: /without the shape/ }],
    [
      'an input with an unknown axis',
      sequential(layer('InputLayer', { batch_shape: [null, null, 3] }), dense),
      { code: 'SHOAL_MODEL', got: /batch_shape.1: null/ },
    ],
    ['an input without a shape', sequential(layer('InputLayer'), dense), { code: 'SHOAL_MODEL', got: /0 shapes/ }],
    [
      'inputs that differ',
      sequential(input, layer('Dense', { units: 2, batch_input_shape: [null, 5] })),
      { code: 'SHOAL_MODEL', got: /\(4\) and \(5\)/ },
    ],
    ['an input in the middle', sequential(input, dense, input), { code: 'SHOAL_MODEL', got: /after other layers/ }],
    ['an unknown layer', sequential(input, layer('GRU')), { code: 'SHOAL_UNKNOWN_LAYER', got: /GRU/ }],
    [
      'a name twice',
      sequential(input, layer('Dense', { units: 1, name: 'a' }), layer('Dense', { units: 1, name: 'a' })),
      { code: 'SHOAL_MODEL', got: /"a" twice/ },
    ],
    [
      'a name that cannot be in a path',
      sequential(input, layer('Dense', { units: 1, name: '7' })),
      { code: 'SHOAL_MODEL', got: /"7"/ },
    ],
    [
      'shapes that do not chain',
      graph({ a: [dense, 'x'], b: [layer('Dense', { units: 3 }), 'x'], c: [layer('Add'), 'a', 'b'] }, 'c'),
      { code: 'SHOAL_SHAPE', operation: /"c"/, got: /\(4\) and \(3\)/ },
    ],
    [
      'a layer on an unknown one',
      graph({ a: [dense, 'y'] }, 'a'),
      { code: 'SHOAL_MODEL', got: /"a" on the unknown layer "y"/, expected: /x, a/ },
    ],
    [
      'a cycle',
      graph({ a: [layer('Add'), 'x', 'c'], b: [dense, 'a'], c: [dense, 'b'] }, 'c'),
      { code: 'SHOAL_MODEL', got: 'a cycle: a -> b -> c -> a' },
    ],
    [
      'a layer that leads nowhere',
      graph({ a: [dense, 'x'], b: [dense, 'x'] }, 'a'),
      { code: 'SHOAL_MODEL', got: /\["b"\]/ },
    ],
    ['an output twice', twice, { code: 'SHOAL_MODEL', got: 'the output "b" twice' }],
    ['an input without an InputLayer', wrongInput, { code: 'SHOAL_MODEL', got: 'the input_layers x, a' }],
    [
      'an unknown output',
      graph({ a: [dense, 'x'] }, 'z'),
      { code: 'SHOAL_MODEL', got: /output_layers on the unknown layer "z"/ },
    ],
  ];
  for (const [title, model, error] of refused) {
    it(`refuses ${title}`, () => {
      assert.throws(() => parseModel(model), error);
    });
  }

  it('refuses a shared layer whose uses need different weights', () => {
    const model = graph({ a: [layer('Dense', { units: 3 }), 'x'] }, 'a');
    const [, a] = model.config.layers;
    a!.inbound_nodes.push([['a', 0, 0, {}]]);
    model.config.output_layers = [['a', 1, 0]];
    assert.throws(() => parseModel(model), { code: 'SHOAL_SHAPE', got: /\(3, 3\)/, expected: /\(4, 3\)/ });
  });
});
