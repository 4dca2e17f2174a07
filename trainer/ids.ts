// ids.ts: inputs that are numbers of rows in an Embedding: whether a model has such, and whether given ones are in range. Not the lookup.
import { ShoalError } from '../base/errors.ts';
import { elements, type Model, type ModelInput } from './model.ts';

/** Rows of the smallest table that an input of the model is looked up in; null for an input of values. */
export function vocabularyOf({ calls, layers }: Model, input: string): number | null {
  const sizes = calls
    .filter((call) => call.inputs.includes(input) && layers[call.layer]!.className === 'Embedding')
    .map((call) => layers[call.layer]!.config['input_dim'] as number);
  return sizes.length === 0 ? null : Math.min(...sizes);
}

/**
 * Refuses ids that no row has. Without this the lookup gives NaN: training then ends with SHOAL_NOT_FINITE, naming the layer.
 * @throws SHOAL_DATA_ID, naming the first sample with such an id
 */
export function checkIds(model: Model, { name, spec }: ModelInput, ids: ArrayLike<number>, origin: string): void {
  const vocabulary = vocabularyOf(model, name);
  if (vocabulary === null) return;
  const each = elements(spec.shape);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (id >= 0 && id < vocabulary && Number.isInteger(id)) continue;
    throw new ShoalError({
      code: 'SHOAL_DATA_ID',
      operation: `read ${origin}`,
      got: `id ${id} at place ${i % each} of sample ${Math.floor(i / each)}`,
      expected: `whole numbers from 0 to ${vocabulary - 1}, the rows of the Embedding layer`,
      hint: "Raise the layer's input_dim, or map words that it does not know to one id.",
    });
  }
}
