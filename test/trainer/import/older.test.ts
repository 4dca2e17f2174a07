// older.test.ts: what Keras 2 and tfjs compute otherwise than Keras 3 under one name is refused; what they name otherwise is found.
// Whole models: keras.test.ts, tfjs.test.ts.
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs';
import { exportTfjs } from '../../../trainer/export/tfjs.ts';
import { replaceDurably } from '../../../trainer/files.ts';
import { writeHdf5 } from '../../../trainer/hdf5.ts';
import { readModelFile } from '../../../trainer/import/index.ts';
import { importTfjs, readTfjs } from '../../../trainer/import/tfjs.ts';
import { parseModel } from '../../../trainer/parse-model.ts';
import { MemoryDisk } from '../memory-disk.ts';
import { saveTfjs } from '../tfjs-models.ts';

const activated = (activation: string) => ({
  class_name: 'Sequential',
  config: {
    layers: [
      { class_name: 'InputLayer', config: { batch_shape: [null, 2] } },
      { class_name: 'Activation', config: { activation, name: 'gate' } },
    ],
  },
});

describe('hard_sigmoid, which Keras 3 has another one of', () => {
  it('is refused in a model of tfjs, alive and from its file', async () => {
    const disk = new MemoryDisk();
    const model = tf.sequential({ layers: [tf.layers.activation({ activation: 'hardSigmoid', inputShape: [2] })] });
    const refused = { code: 'SHOAL_TFJS', got: /hard_sigmoid in the layer "activation/ };
    assert.throws(() => importTfjs(model), refused);
    await saveTfjs(model, disk, '');
    await assert.rejects(readTfjs('/model.json', disk), refused);
  });

  it('is refused in a file of Keras 2, and taken from one of Keras 3', async () => {
    const disk = new MemoryDisk();
    const write = async (keras_version: string, activation: string) => {
      const attributes = { model_config: JSON.stringify(activated(activation)), keras_version };
      const groups = { model_weights: { attributes: { layer_names: ['gate'] } } };
      await replaceDurably(disk, '/m.h5', [await writeHdf5({ attributes, groups }, '/m.h5')]);
    };
    await write('2.15.0', 'hard_sigmoid');
    await assert.rejects(readModelFile('/m.h5', disk), { code: 'SHOAL_KERAS_FILE', got: /"gate"/ });
    for (const [version, activation] of [
      ['2.15.0', 'sigmoid'],
      ['3.15.1', 'hard_sigmoid'],
    ] as const) {
      await write(version, activation);
      assert.deepEqual(parseModel((await readModelFile('/m.h5', disk)).config), parseModel(activated(activation)));
    }
  });

  it('is not given to tfjs', async () => {
    const model = parseModel(activated('hard_sigmoid'));
    const exported = exportTfjs('/m', { model, weights: [] }, new MemoryDisk());
    await assert.rejects(exported, { code: 'SHOAL_EXPORT_UNSUPPORTED', got: /hard_sigmoid/ });
  });
});

describe('a depthwise kernel, which Keras 2 calls otherwise', () => {
  it('is found in its .h5, whatever the layer was called when it was made', async () => {
    const config = {
      class_name: 'Sequential',
      config: {
        layers: [
          { class_name: 'InputLayer', config: { batch_input_shape: [null, 3, 3, 2] } },
          // as Keras 2 writes it, with options of Conv2D
          {
            class_name: 'DepthwiseConv2D',
            config: { name: 'dw', kernel_size: [2, 1], groups: 1, kernel_constraint: null },
          },
        ],
      },
    };
    const kernel = { shape: [2, 1, 2, 1], data: Float32Array.of(1, 2, 3, 4) };
    const bias = { shape: [2], data: Float32Array.of(5, 6) };
    for (const made of ['dw', 'depthwise_conv2d_3']) {
      const disk = new MemoryDisk();
      const dw = {
        attributes: { weight_names: [`${made}/depthwise_kernel:0`, `${made}/bias:0`] },
        groups: { [made]: { tensors: { 'depthwise_kernel:0': kernel, 'bias:0': bias } } },
      };
      const groups = { model_weights: { attributes: { layer_names: ['dw'] }, groups: { dw } } };
      const attributes = { model_config: JSON.stringify(config), keras_version: '2.15.0' };
      await replaceDurably(disk, '/m.h5', [await writeHdf5({ attributes, groups }, '/m.h5')]);
      assert.deepEqual((await readModelFile('/m.h5', disk)).weights, [
        { name: 'dw/kernel', ...kernel },
        { name: 'dw/bias', ...bias },
      ]);
    }
  });
});
