// tfjs.test.ts: models of tfjs, alive and from files, as configuration and weights. Predictions are in ../export/tfjs.test.ts.

import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs';
import { replaceDurably } from '../../../trainer/files.ts';
import { importTfjs, readTfjs } from '../../../trainer/import/tfjs.ts';
import { parseModel } from '../../../trainer/parse-model.ts';
import { segmentsOf } from '../../../trainer/weights.ts';
import { MemoryDisk } from '../memory-disk.ts';
import { saveTfjs, tfjsModels } from '../tfjs-models.ts';

const text = (value: unknown) => [Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))];

describe('import from tfjs', () => {
  for (const [name, make] of Object.entries(tfjsModels)) {
    it(`takes ${name}, alive: its weights by value, in the order of our segments`, () => {
      const original = make();
      const { config, weights } = importTfjs(original);
      const { parameters } = segmentsOf(parseModel(config));
      assert.deepEqual(
        weights!.map((weight) => [weight.name, weight.shape]),
        parameters.map((segment) => [segment.path, segment.shape]),
      );
      const values = original.getWeights().map((weight) => weight.dataSync());
      assert.deepEqual(
        weights!.map(({ data }) => data),
        values,
      );
      original.dispose();
    });

    it(`takes ${name} from model.json and its weight file, as alive`, async () => {
      const original = make();
      const disk = new MemoryDisk();
      await saveTfjs(original, disk, '');
      assert.deepEqual(await readTfjs('/model.json', disk), importTfjs(original));
    });

    it(`takes the topology of ${name} from the text of toJSON, and from the converter’s wrapping`, async () => {
      const original = make();
      const json = JSON.parse(original.toJSON() as unknown as string);
      const disk = new MemoryDisk();
      await replaceDurably(disk, '/bare.json', text(json));
      const bare = await readTfjs('/bare.json', disk);
      assert.equal(bare.weights, undefined);
      assert.deepEqual(parseModel(bare.config), parseModel(importTfjs(original).config));
      const modelTopology = { keras_version: '2.15.0', backend: 'tensorflow', model_config: json };
      await replaceDurably(disk, '/wrapped.json', text({ format: 'layers-model', modelTopology }));
      assert.deepEqual(parseModel((await readTfjs('/wrapped.json', disk)).config), parseModel(bare.config));
    });
  }

  it('is typed for the models that tfjs gives out', () => {
    const layers = [tf.layers.dense({ units: 1, inputShape: [1] })];
    const model: tf.Sequential = tf.sequential({ layers });
    assert.equal(importTfjs(model).weights?.length, 2);
  });

  it('takes embeddings, which tfjs gives a shape of their own, wherever they stand, and shapes of later layers', () => {
    const { layers } = tf;
    const embedding = (options = {}) => layers.embedding({ inputDim: 4, outputDim: 2, ...options });
    const ends = () => [layers.flatten(), layers.dense({ units: 3, inputShape: [10] })];
    const input = tf.input({ shape: [5] });
    const graph = ends().reduce(
      (x, layer) => layer.apply(x) as tf.SymbolicTensor,
      embedding().apply(input) as tf.SymbolicTensor,
    );
    for (const model of [
      tf.sequential({ layers: [embedding({ inputLength: 5 }), ...ends()] }),
      tf.sequential({ layers: [layers.inputLayer({ inputShape: [5] }), embedding(), ...ends()] }),
      tf.model({ inputs: input, outputs: graph }),
    ]) {
      const { config, weights } = importTfjs(model);
      assert.deepEqual(parseModel(config).inputs[0]!.spec.shape, [5]);
      assert.deepEqual(
        weights!.map(({ shape }) => shape),
        [[4, 2], [10, 3], [3]],
      );
    }
  });

  it('finds the weights of models that are layers, which tfjs names without them', async () => {
    const inner = tf.sequential({ name: 'inner', layers: [tf.layers.dense({ units: 3, inputShape: [2], name: 'd' })] });
    const model = tf.sequential({ layers: [inner, tf.layers.dense({ units: 1, name: 'end' })] });
    const { weights } = importTfjs(model);
    assert.deepEqual(
      weights!.map(({ name }) => name),
      ['inner/d/kernel', 'inner/d/bias', 'end/kernel', 'end/bias'],
    );
    const disk = new MemoryDisk();
    await saveTfjs(model, disk, '');
    assert.deepEqual((await readTfjs('/model.json', disk)).weights, weights);
  });

  it('refuses what tfjs computes otherwise than Keras, alive and from a file that tfjs wrote', async () => {
    const inputShape = [5, 5, 1];
    for (const [layer, got] of [
      [tf.layers.resizing({ height: 3, width: 3, inputShape }), /^Resizing/],
      [tf.layers.centerCrop({ height: 3, width: 3, inputShape }), /^CenterCrop/],
      [tf.layers.upSampling2d({ size: [2, 2], interpolation: 'bilinear', inputShape }), /^interpolation bilinear/],
      [tf.layers.depthwiseConv2d({ kernelSize: 2, dilationRate: 2, padding: 'same', inputShape }), /^dilation_rate 2/],
    ] as const) {
      const model = tf.sequential({ layers: [layer] });
      assert.throws(() => importTfjs(model), { code: 'SHOAL_TFJS', got });
      const disk = new MemoryDisk();
      await saveTfjs(model, disk, '');
      await assert.rejects(readTfjs('/model.json', disk), { code: 'SHOAL_TFJS', got });
    }
  });

  it('refuses a layer that we do not have, by name', () => {
    class Nowhere extends tf.layers.Layer {
      static readonly className = 'Nowhere';
    }
    const layers = [tf.layers.dense({ units: 2, inputShape: [2] }), new Nowhere({})];
    assert.throws(() => importTfjs(tf.sequential({ layers })), { code: 'SHOAL_UNKNOWN_LAYER', got: /Nowhere/ });
  });

  it('refuses files that are something else, damaged, or reach outside their folder', async () => {
    const disk = new MemoryDisk();
    await saveTfjs(tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [2], name: 'd' })] }), disk, '');
    const { modelTopology } = JSON.parse(Buffer.from(await read(disk, '/model.json')).toString());
    const specs = [
      { name: 'd/kernel', shape: [2, 2], dtype: 'float32' },
      { name: 'd/bias', shape: [2], dtype: 'float32' },
    ];
    const file = (weights: object[], paths = ['weights.bin']) => ({
      modelTopology,
      weightsManifest: [{ paths, weights }],
    });
    const bad: [value: unknown, got: RegExp, code?: string][] = [
      ['{', /not JSON/],
      [[], /\[\]/],
      [{ format: 'graph-model', modelTopology }, /graph-model/],
      [file([specs[0]!, { ...specs[1], dtype: 'int32' }]), /int32/],
      [file([specs[0]!, { ...specs[1], quantization: { dtype: 'uint8', min: 0, scale: 1 } }]), /quantization/],
      [file(specs, ['../weights.bin']), /\.\./],
      [file(specs, ['/weights.bin']), /\/weights/],
      [file(specs, ['http://x/weights.bin']), /http/],
      [file([specs[0]!]), /24/, 'SHOAL_FILE_TOO_LARGE'],
      [file([specs[0]!, { ...specs[1], shape: [3] }]), /24 bytes/],
      [file([specs[0]!, { ...specs[1], name: 'd/bias_1' }]), /no d\/bias but d\/bias_1/],
      [file([{ ...specs[0], shape: [4] }, specs[1]!]), /d\/kernel of shape \(4\)/],
      [file([specs[0]!, { ...specs[1], shape: [-2] }]), /-2/],
      [file([specs[0]!, { ...specs[1], shape: [2 ** 40] }]), /24 bytes/],
    ];
    for (const [value, got, code = 'SHOAL_TFJS'] of bad) {
      await replaceDurably(disk, '/model.json', text(value));
      await assert.rejects(readTfjs('/model.json', disk), { code, got }, String(got));
    }
    await replaceDurably(disk, '/model.json', text(file(specs)));
    assert.equal((await readTfjs('/model.json', disk)).weights?.length, 2);
  });
});

async function read(disk: MemoryDisk, path: string): Promise<Uint8Array> {
  const file = await disk.open(path, 'read');
  const bytes = new Uint8Array(await file.size());
  await file.read(bytes, 0);
  return bytes;
}
