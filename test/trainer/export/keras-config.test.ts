// keras-config.test.ts: that a model survives the way to Keras' configuration and back. Real Keras: test/golden/check-keras.py.

import assert from 'node:assert/strict';
import { modelToKeras } from '../../../trainer/export/keras-config.ts';
import { importTfjs } from '../../../trainer/import/tfjs.ts';
import { parseModel } from '../../../trainer/parse-model.ts';
import { tfjsModels } from '../tfjs-models.ts';

describe('a model as Keras configuration', () => {
  for (const [name, make] of Object.entries(tfjsModels)) {
    it(`parses back to the same model: ${name}`, () => {
      const model = parseModel(importTfjs(make()).config);
      assert.deepEqual(parseModel(JSON.parse(JSON.stringify(modelToKeras(model)))), model);
    });
  }

  it('names the module of a layer over several axes, of which Keras 3 reads them then alone', () => {
    const norm = (axis: number | number[]) => ({ class_name: 'LayerNormalization', config: { axis } });
    const layers = [{ class_name: 'InputLayer', config: { batch_shape: [null, 3, 4] } }, norm([1, 2]), norm(-1)];
    const model = parseModel({ class_name: 'Sequential', config: { layers } });
    const written = modelToKeras(model);
    assert.deepEqual(
      written.config.layers.map(({ module }) => module),
      [undefined, 'keras.layers', undefined],
    );
    assert.deepEqual(parseModel(JSON.parse(JSON.stringify(written))).layers, model.layers);
  });

  it('gives SpatialDropout the options alone that Keras 3 takes there', () => {
    const dropout = (axes: number) => ({ class_name: `SpatialDropout${axes}D`, config: { rate: 0.2 } });
    for (const [axes, keys] of [
      [1, ['name', 'dtype', 'rate', 'seed']],
      [2, ['name', 'dtype', 'rate', 'seed', 'data_format']],
    ] as const) {
      const layers = [
        { class_name: 'InputLayer', config: { batch_shape: [null, 4, 3, 2].slice(0, axes + 2) } },
        dropout(axes),
      ];
      const model = parseModel({ class_name: 'Sequential', config: { layers } });
      const written = modelToKeras(model);
      assert.deepEqual(Object.keys(written.config.layers[1]!.config).sort(), [...keys].sort());
      assert.deepEqual(parseModel(JSON.parse(JSON.stringify(written))).layers, model.layers);
    }
  });

  it('numbers the calls of a shared layer in the order in which they run', () => {
    const node = (...from: [string, number][]) => [from.map(([layer, call]) => [layer, call, 0, {}])];
    const shared = { class_name: 'Dense', name: 'shared', config: { units: 4 } };
    // Call 1 of the layer feeds call 0: the file's order is not the order of running.
    const model = parseModel({
      class_name: 'Functional',
      config: {
        name: 'crossed',
        layers: [
          { class_name: 'InputLayer', name: 'x', config: { batch_shape: [null, 4] }, inbound_nodes: [] },
          { ...shared, inbound_nodes: [...node(['tanh', 0]), ...node(['x', 0])] },
          {
            class_name: 'Activation',
            name: 'tanh',
            config: { activation: 'tanh' },
            inbound_nodes: node(['shared', 1]),
          },
        ],
        input_layers: [['x', 0, 0]],
        output_layers: [['shared', 0, 0]],
      },
    });
    const written = modelToKeras(model);
    const { config } = written;
    assert.deepEqual(config.layers[1]!.inbound_nodes, [...node(['x', 0]), ...node(['tanh', 0])]);
    assert.deepEqual(config.layers[2]!.inbound_nodes, node(['shared', 0]));
    assert.deepEqual(config.output_layers, [['shared', 1, 0]]);
    assert.deepEqual(Object.keys(parseModel(written).layers), ['shared', 'tanh']);
  });
});
