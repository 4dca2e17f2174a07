// write-keras.ts: writes, for check-keras.py, configurations with weights, an input and what tfjs predicts. Not a test.

import { writeFile } from 'node:fs/promises';
import { modelToKeras } from '../../trainer/export/keras-config.ts';
import { importTfjs } from '../../trainer/import/tfjs.ts';
import { parseModel } from '../../trainer/parse-model.ts';
import { predict, samples, tfjsModels } from '../trainer/tfjs-models.ts';

const cases = Object.entries(tfjsModels).map(([name, make]) => {
  const model = make();
  const { config, weights } = importTfjs(model);
  const x = samples(3, model.inputs[0]!.shape.slice(1) as number[]);
  const values = weights!.map(({ shape, data }) => ({ shape, data: [...data] }));
  const keras = modelToKeras(parseModel(config));
  return { name, keras, weights: values, x: { shape: x.shape, data: [...x.dataSync()] }, y: [...predict(model, x)] };
});
// Keras 3 refuses a slash in a layer's name; Keras 2 and tfjs do not.
await writeFile(process.argv[2]!, JSON.stringify(cases).replaceAll('block/shared', 'block.shared'));
