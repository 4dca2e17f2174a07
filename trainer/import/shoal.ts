// shoal.ts: reads our own model files: safetensors with the configuration in their metadata. Not checkpoints (checkpoint-read.ts).
import { ShoalError } from '../../base/errors.ts';
import { MODEL_KEY } from '../export/shoal.ts';
import { orderWeights } from '../order-weights.ts';
import { parseModel } from '../parse-model.ts';
import type { ModelFormat } from './model-file.ts';
import { readSafetensors } from './safetensors.ts';

export const shoal: ModelFormat = {
  title: "Shoal's .safetensors",
  ending: '.safetensors',
  async read(path, files) {
    const operation = `read the model ${path}`;
    const fail = (got: string, expected: string, cause?: unknown) => {
      const hint = 'A file of PyTorch names no model: npx shoal import FILE --model resnet50 tells which it is of.';
      return new ShoalError({ code: 'SHOAL_MODEL_FILE', operation, got, expected, hint }, { cause });
    };
    const { metadata, tensors } = await readSafetensors(path, files);
    const text = metadata[MODEL_KEY];
    if (text === undefined)
      throw fail('weights without their model', `a configuration in its metadata ("${MODEL_KEY}")`);
    let config: unknown;
    try {
      config = JSON.parse(text);
    } catch (cause) {
      throw fail('a configuration that is not JSON', 'JSON', cause);
    }
    const weights = tensors.map(({ name, shape, data }) => {
      if (data instanceof Float32Array) return { name, shape, data };
      throw fail(`${name} of another type`, 'f32 weights');
    });
    return { config, weights: orderWeights(parseModel(config), weights, { code: 'SHOAL_MODEL_FILE', operation }) };
  },
};
