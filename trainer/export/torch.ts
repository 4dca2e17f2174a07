// torch.ts: writes weights as a PyTorch state dict in safetensors, by the names that the layers have. Not the model: PyTorch has it in code.
import { replaceDurably } from '../files.ts';
import { orderWeights } from '../order-weights.ts';
import { torchTensors, toTorch } from '../torch-names.ts';
import type { ModelWriter } from './model-file.ts';
import { safetensorsChunks } from './safetensors.ts';

export const torch: ModelWriter = {
  title: "PyTorch's names, .safetensors",
  ending: '.torch.safetensors',
  async write(path, { model, weights }, files) {
    const ordered = orderWeights(model, weights, { code: 'SHOAL_EXPORT_WEIGHTS', operation: `write ${path}` });
    const byName = new Map(ordered.map(({ name, data }) => [name, data]));
    const tensors = torchTensors(model).map((tensor) => ({
      name: tensor.name,
      shape: tensor.shape,
      data: toTorch(tensor, (name) => byName.get(name)!),
    }));
    await replaceDurably(files, path, safetensorsChunks(tensors, { format: 'pt' }));
    return path;
  },
};
