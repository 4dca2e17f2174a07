// shoal.ts: writes our own model files: safetensors with the configuration in their metadata. Not checkpoints, nor other names (torch.ts).
import { replaceDurably } from '../files.ts';
import { orderWeights } from '../order-weights.ts';
import { modelToKeras } from './keras-config.ts';
import type { ModelWriter } from './model-file.ts';
import { safetensorsChunks } from './safetensors.ts';

/** Where the metadata hold the configuration. */
export const MODEL_KEY = 'shoal.model';

export const shoal: ModelWriter = {
  title: "Shoal's .safetensors",
  ending: '.safetensors',
  async write(path, { model, weights }, files) {
    const ordered = orderWeights(model, weights, { code: 'SHOAL_EXPORT_WEIGHTS', operation: `write ${path}` });
    const metadata = { format: 'pt', [MODEL_KEY]: JSON.stringify(modelToKeras(model)) };
    await replaceDurably(files, path, safetensorsChunks(ordered, metadata));
    return path;
  },
};
