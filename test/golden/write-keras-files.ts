// write-keras-files.ts DIR: writes the golden models of Keras 3 in each of Keras' formats, with what they give, for make-keras-files.py --check.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { modelWriters } from '../../trainer/export/index.ts';
import { readModelFile } from '../../trainer/import/index.ts';
import { nodeFiles } from '../../trainer/node-files.ts';
import { parseModel } from '../../trainer/parse-model.ts';
import { predictWith } from '../support/predict-with.ts';

const folder = process.argv[2]!;
mkdirSync(folder, { recursive: true });
const golden = new URL('../trainer/fixtures/keras-files.json', import.meta.url);
for (const [i, of] of JSON.parse(readFileSync(golden, 'utf8')).cases.entries()) {
  if (of.ending !== 'keras') continue;
  const path = `${folder}/golden-${i}.keras`;
  writeFileSync(path, inflateSync(Buffer.from(of.file, 'base64')));
  const { config, weights } = await readModelFile(path);
  const model = parseModel(config);
  const y = predictWith(model, weights!, Float32Array.from(of.x), of.shape[0]);
  for (const format of ['keras', 'h5'] as const) {
    const written = `${folder}/ours-${i}.${format}`;
    await modelWriters[format].write(written, { model, weights: weights! }, nodeFiles);
    for (const file of [path, written])
      writeFileSync(`${file}.json`, JSON.stringify({ x: of.x, shape: of.shape, y: [...y] }));
  }
}
