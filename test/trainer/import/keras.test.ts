// keras.test.ts: whole models as Keras 3 and 2 save them (golden/make-keras-files.py), and our own files, read back. Not how Keras reads ours
// (golden/make-keras-files.py --check).
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { type ModelWriterName, modelWriters } from '../../../trainer/export/index.ts';
import { readModelFile } from '../../../trainer/import/index.ts';
import { nodeFiles } from '../../../trainer/node-files.ts';
import type { NamedWeight } from '../../../trainer/order-weights.ts';
import { parseModel } from '../../../trainer/parse-model.ts';
import { relativeError } from '../../support/compare.ts';
import { predictWith } from '../../support/predict-with.ts';
import { temporaryFolder } from '../../support/temporary.ts';

interface Case {
  readonly title: string;
  readonly ending: string;
  readonly file: string;
  readonly shape: readonly number[];
  readonly x: readonly number[];
  readonly y: readonly number[];
}
const golden = new URL('../fixtures/keras-files.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(golden, 'utf8')) as { cases: readonly Case[] };

describe('files of Keras', () => {
  let folder: string;
  before(() => {
    folder = temporaryFolder('keras');
  });

  const put = ({ ending, file }: Case, change = (bytes: Uint8Array) => bytes): string => {
    const path = `${folder}/model.${ending}`;
    writeFileSync(path, change(inflateSync(Buffer.from(file, 'base64'))));
    return path;
  };
  const errorOf = (config: unknown, weights: readonly NamedWeight[], { x, y, shape }: Case) =>
    relativeError(predictWith(parseModel(config), weights, Float32Array.from(x), shape[0]!), y);

  for (const of of cases)
    it(`${of.title}: the same input gives the same output within 1e-5 of its norm`, async () => {
      const { config, weights } = await readModelFile(put(of));
      assert.ok(errorOf(config, weights!, of) <= 1e-5);
    });

  for (const format of ['keras', 'h5', 'safetensors'] as const satisfies readonly ModelWriterName[])
    for (const of of cases.filter(({ title }) => title.endsWith('Keras 3, .keras')))
      it(`${of.title}, written as ${format}: read back, every weight has its bits`, async () => {
        const { config, weights } = await readModelFile(put(of));
        const writer = modelWriters[format];
        const path = await writer.write(
          `${folder}/again${writer.ending}`,
          { model: parseModel(config), weights: weights! },
          nodeFiles,
        );
        const again = await readModelFile(path);
        assert.deepEqual(
          again.weights!.map(({ data }) => data),
          weights!.map(({ data }) => data),
        );
        assert.ok(errorOf(again.config, again.weights!, of) <= 1e-5);
      });

  it('damaged or of another kind are refused, by name', async () => {
    const [keras, h5] = [cases.find(({ ending }) => ending === 'keras')!, cases.find(({ ending }) => ending === 'h5')!];
    const refuses = (path: string, code: string) => assert.rejects(readModelFile(path), { code });
    await refuses(
      put(keras, (bytes) => bytes.subarray(0, bytes.length / 2)),
      'SHOAL_KERAS_FILE',
    );
    await refuses(
      put(h5, (bytes) => bytes.subarray(0, bytes.length / 2)),
      'SHOAL_HDF5',
    );
    await refuses(
      put(h5, () => new Uint8Array(64)),
      'SHOAL_HDF5',
    );
    await refuses(`${folder}/none.keras`, 'SHOAL_MODEL_FILE');
    await refuses(`${folder}/model.onnx`, 'SHOAL_MODEL_FILE');
  });

  it('are refused where a layer is not in Keras', async () => {
    const layers = [
      { class_name: 'InputLayer', config: { batch_shape: [null, 3, 4] } },
      { class_name: 'ClassToken', config: { name: 'token' } },
    ];
    const model = parseModel({ class_name: 'Sequential', config: { layers } });
    const weights = [{ name: 'token/class_token', shape: [1, 1, 4], data: new Float32Array(4) }];
    const write = modelWriters.keras.write(`${folder}/ours.keras`, { model, weights }, nodeFiles);
    await assert.rejects(write, { code: 'SHOAL_EXPORT_UNSUPPORTED', operation: 'export the layer "token" to Keras' });
    const activation = { class_name: 'Activation', config: { name: 'gate', activation: 'gelu_approximate' } };
    const gated = parseModel({ class_name: 'Sequential', config: { layers: [layers[0]!, activation] } });
    const writing = modelWriters.h5.write(`${folder}/gated.h5`, { model: gated, weights: [] }, nodeFiles);
    await assert.rejects(writing, { code: 'SHOAL_EXPORT_UNSUPPORTED', got: 'the activation gelu_approximate' });
  });
});
