// parse-nodes.test.ts: what Keras 3.15 writes beside the inputs of a layer's call in a Functional model. Whole models: parse-model.test.ts.
import assert from 'node:assert/strict';
import { parseModel } from '../../trainer/parse-model.ts';

const tensor = (name: string) => ({ class_name: '__keras_tensor__', config: { keras_history: [name, 0, 0] } });
/** A layer called on others by name, with named arguments. */
const called = (name: string, class_name: string, config: object, from: readonly string[], kwargs: object = {}) => ({
  ...{ class_name, name, config: { ...config, name } },
  inbound_nodes: [{ args: from.map(tensor), kwargs }],
});
const functional = (shape: readonly number[], ...layers: readonly { readonly name: string }[]) => ({
  class_name: 'Functional',
  config: {
    layers: [{ class_name: 'InputLayer', name: 'x', config: { batch_shape: [null, ...shape] } }, ...layers],
    input_layers: ['x', 0, 0],
    output_layers: [layers.at(-1)!.name, 0, 0],
  },
});

describe('calls as Keras 3 writes them', () => {
  it('may say of the layers that prepare images that they train, as Keras always does, and of no other', () => {
    const size = { height: 2, width: 2 };
    const prepared: readonly (readonly [class_name: string, config: object])[] = [
      ['Resizing', size],
      ['CenterCrop', size],
      ['RandomFlip', {}],
      ['RandomRotation', { factor: 0.1 }],
      ['RandomZoom', { height_factor: 0.1 }],
      ['RandomTranslation', { height_factor: 0.1, width_factor: 0.1 }],
      ['RandomContrast', { factor: 0.1 }],
      ['RandomBrightness', { factor: 0.1 }],
    ];
    for (const [class_name, config] of prepared) {
      const written = (kwargs: object) => functional([4, 4, 3], called('y', class_name, config, ['x'], kwargs));
      assert.deepEqual(parseModel(written({ training: true })), parseModel(written({})));
    }
    const dropout = functional([4], called('y', 'Dropout', { rate: 0.5 }, ['x'], { training: true }));
    assert.throws(() => parseModel(dropout), { code: 'SHOAL_MODEL', got: /training: true/ });
  });

  const words = called('words', 'Embedding', { input_dim: 9, output_dim: 2, mask_zero: true }, ['x']);
  const some = called('some', 'NotEqual', {}, ['x']);
  const differs = (from: string, value: number) => ({
    ...some,
    inbound_nodes: [{ args: [tensor(from), value], kwargs: {} }],
  });
  const mean = (from: string, mask?: string) =>
    called('mean', 'GlobalAveragePooling1D', {}, [from], mask === undefined ? {} : { mask: tensor(mask) });

  it('may compute the mask of a mean from what an Embedding or a Masking reads', () => {
    const scaled = called('scaled', 'Rescaling', { scale: 2 }, ['words']);
    assert.deepEqual(
      parseModel(functional([5], words, differs('x', 0), scaled, mean('scaled', 'some'))),
      parseModel(functional([5], words, scaled, mean('scaled'))),
    );
    const filled = called('filled', 'Masking', { mask_value: 0.5 }, ['x']);
    const any = called('any', 'Any', { axis: -1, keepdims: false }, ['some']);
    const either = called('either', 'LogicalOr', {}, ['any', 'any']);
    const sum = called('sum', 'Add', {}, []);
    const twice = { ...sum, inbound_nodes: [{ args: [[tensor('filled'), tensor('filled')]], kwargs: {} }] };
    assert.deepEqual(
      parseModel(functional([5, 2], filled, differs('x', 0.5), any, either, twice, mean('sum', 'either'))),
      parseModel(functional([5, 2], filled, twice, mean('sum'))),
    );
  });

  it('may not give a mean another mask than the one that comes with its values', () => {
    const unmasked = called('steps', 'Conv1D', { filters: 2, kernel_size: 1 }, ['words']);
    const models = [
      functional([5], words, differs('x', 3), mean('words', 'some')),
      functional([5], words, differs('x', 0), unmasked, mean('steps', 'some')),
      functional(
        [5],
        words,
        differs('x', 0),
        called('steps', 'BatchNormalization', {}, ['words'], { mask: tensor('some') }),
      ),
    ];
    for (const model of models) assert.throws(() => parseModel(model), { code: 'SHOAL_MODEL', got: /mask/ });
  });

  it('may not give a mean the mask of other values', () => {
    const [ids, others] = ['x', 'z'].map((name) => ({
      class_name: 'InputLayer',
      name,
      config: { batch_shape: [null, 5] },
    }));
    const more = called('more', 'Embedding', { input_dim: 9, output_dim: 2, mask_zero: true }, ['z']);
    const summed = called('summed', 'Add', {}, []);
    const sum = { ...summed, inbound_nodes: [{ args: [[tensor('words'), tensor('more')]], kwargs: {} }] };
    const model = (from: string) => ({
      class_name: 'Functional',
      config: {
        layers: [
          ids,
          others,
          words,
          more,
          differs('x', 0),
          sum,
          mean('summed'),
          called('mean_1', 'GlobalAveragePooling1D', {}, [from], { mask: tensor('some') }),
        ],
        input_layers: [
          ['x', 0, 0],
          ['z', 0, 0],
        ],
        output_layers: [
          ['mean', 0, 0],
          ['mean_1', 0, 0],
        ],
      },
    });
    assert.doesNotThrow(() => parseModel(model('words')));
    for (const from of ['more', 'summed'])
      assert.throws(() => parseModel(model(from)), { code: 'SHOAL_MODEL', got: /mask/ }, from);
  });

  it('are read once each, however many ways lead to a mean through what is added', () => {
    const deep = Array.from({ length: 60 }, (_, i) => {
      const last = i === 0 ? 'words' : `sum_${i - 1}`;
      const sum = called(`sum_${i}`, 'Add', {}, []);
      return { ...sum, inbound_nodes: [{ args: [[tensor(last), tensor(last)]], kwargs: {} }] };
    });
    assert.deepEqual(
      parseModel(functional([5], words, differs('x', 0), ...deep, mean('sum_59', 'some'))),
      parseModel(functional([5], words, ...deep, mean('sum_59'))),
    );
    const round = called('round', 'LogicalOr', {}, ['round', 'round']);
    assert.throws(() => parseModel(functional([5], words, round, mean('words', 'round'))), { code: 'SHOAL_MODEL' });
  });
});
