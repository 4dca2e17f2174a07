// parse-sequential.ts: Keras' Sequential models: each layer on the result of the one before -> a graph. Not Functional ones.
import { z } from 'zod';
import { ignored, strict } from '../base/check.ts';
import type { Call, TensorSpec } from './model.ts';
import { type Entry, entryShape, isInput, modelError, nameAll, parseInput } from './parse-layers.ts';
import { type Graph, layersOfParts, type PartOf } from './parse-parts.ts';

export const sequentialConfig = strict({
  name: z.string().default('sequential'),
  layers: z.array(strict({ ...entryShape, inbound_nodes: ignored })),
  build_input_shape: z.array(z.int().nullable()).nullish(),
  trainable: z.boolean().optional(),
  dtype: ignored,
});

/** A list of layers. The input is an InputLayer, or stands in the first layer. @throws SHOAL_MODEL, SHOAL_UNKNOWN_LAYER */
export function parseSequential(
  { name, layers: all, build_input_shape }: z.infer<typeof sequentialConfig>,
  partOf: PartOf<Entry>,
): Graph {
  const names = nameAll(all);
  const late = names.find((_, i) => i > 0 && isInput(all[i]!));
  if (late)
    throw modelError('read the model', `the input "${late}" after other layers`, 'it first', 'Move it to the top.');
  const layer = all
    .map((entry, i) => ({ entry: entry as Entry, name: names[i]! }))
    .filter(({ entry }) => !isInput(entry));
  if (layer.length === 0) throw modelError('read the model', 'no layers', 'at least one', 'Add a Dense layer.');
  const first = layer[0]!;
  const { batch_shape, batch_input_shape, ...rest } = first.entry.config;
  layer[0] = { ...first, entry: { ...first.entry, config: rest } };

  // an Embedding of Keras 2 or tfjs says [null, null] behind an InputLayer that knows better
  const told = layer.length < all.length && Array.isArray(batch_input_shape) && batch_input_shape.indexOf(null, 1) > 0;
  const inputName = layer.length === all.length ? `${first.name}_input` : names[0]!;
  const candidates = [
    layer.length < all.length ? all[0]!.config : undefined,
    batch_shape === undefined ? undefined : { batch_shape },
    batch_input_shape === undefined || told ? undefined : { batch_input_shape },
    build_input_shape ? { batch_shape: build_input_shape } : undefined,
  ];
  const parts = layer.map(({ entry, name }) => partOf(entry, name));
  const own = parts[0]!.spec;
  const spec = onlyInput([
    ...candidates.filter((c) => c !== undefined).map((c) => parseInput(c, inputName)),
    ...(own ? [own] : []),
  ]);

  const calls: Call[] = [];
  let last = inputName;
  for (const [i, part] of parts.entries()) {
    const used = part.call(0, [last]);
    if (used.results.length > 1) {
      const got = `"${layer[i]!.name}" with ${used.results.length} outputs`;
      throw modelError('read the model', got, 'one output in a Sequential model', 'Write it as a Functional model.');
    }
    calls.push(...used.calls);
    last = used.results[0]!;
  }
  return { name, inputs: [{ name: inputName, spec }], layers: layersOfParts(parts), calls, outputs: [last] };
}

/** Files of some Keras versions give the input's shape several times: it must be one. */
function onlyInput(specs: readonly TensorSpec[]): TensorSpec | null {
  const shapes = new Set(specs.map((spec) => `(${spec.shape.join(', ')})`));
  if (shapes.size <= 1) return specs[0] ?? null;
  throw modelError('read the model', `inputs of shape ${[...shapes].join(' and ')}`, 'one shape', 'Remove one.');
}
