// index.ts: files that models are read from, one line each, told apart by how their names end. PyTorch's names: torch.ts.
import { ShoalError } from '../../base/errors.ts';
import type { Files } from '../files.ts';
import { nodeFiles } from '../node-files.ts';
import { keras } from './keras.ts';
import { kerasH5 } from './keras-h5.ts';
import type { ImportedModel, ModelFormat } from './model-file.ts';
import { shoal } from './shoal.ts';
import { tfjs } from './tfjs.ts';

export const modelFormats: readonly ModelFormat[] = [keras, kerasH5, tfjs, shoal];

/**
 * Reads a model of any known format.
 * @throws SHOAL_MODEL_FILE for another ending or no file, and what the format's reader throws
 */
export async function readModelFile(path: string, files: Files = nodeFiles): Promise<ImportedModel> {
  const format = modelFormats.find(({ ending }) => path.toLowerCase().endsWith(ending));
  const fail = (got: string, expected: string, hint: string, cause?: unknown) =>
    new ShoalError({ code: 'SHOAL_MODEL_FILE', operation: `read the model ${path}`, got, expected, hint }, { cause });
  if (!format) {
    const known = modelFormats.map(({ ending, title }) => `${ending} (${title})`).join(', ');
    throw fail('an unknown kind of file', `a name that ends in ${known}`, 'docs/weights.md tells how to save one.');
  }
  try {
    return await format.read(path, files);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT' || cause instanceof ShoalError) throw cause;
    throw fail('no such file', 'a model', 'Paths in a job start from the job.', cause);
  }
}
