// parse-model.ts: a model as Keras 3 or tfjs write its configuration -> Model. Not files (import/), not jobs (job.ts).
import { z } from 'zod';
import { check, ignored, strict } from '../base/check.ts';
import type { Call, Model, TensorSpec } from './model.ts';
import { functionalConfig, parseFunctional } from './parse-functional.ts';
import { type Entry, entryShape, isInput, modelError, nameAll, parseInput, parseLayer } from './parse-layers.ts';
import { chain } from './weights.ts';

const sequentialConfig = strict({
  name: z.string().default('sequential'),
  layers: z.array(strict(entryShape)),
  build_input_shape: z.array(z.int().nullable()).nullish(),
  trainable: ignored,
  dtype: ignored,
});

/** What files carry around a model's configuration. */
const envelope = {
  module: ignored,
  registered_name: ignored,
  build_config: ignored,
  compile_config: ignored,
  keras_version: ignored,
  backend: ignored,
};
const modelSchema = z.discriminatedUnion(
  'class_name',
  [
    strict({
      class_name: z.literal('Sequential'),
      // Keras 2.2 and older wrote the bare list of layers.
      config: z.preprocess((config) => (Array.isArray(config) ? { layers: config } : config), sequentialConfig),
      ...envelope,
    }),
    strict({ class_name: z.enum(['Functional', 'Model']), config: functionalConfig, ...envelope }),
  ],
  { error: () => 'a model with class_name Sequential, Functional or Model' },
);

/**
 * Reads a model's configuration in Keras 3's dialect, or the older one that tfjs writes, and checks that its shapes chain.
 * @throws SHOAL_MODEL for what is wrong in it, by name; SHOAL_UNKNOWN_LAYER; SHOAL_SHAPE
 */
export function parseModel(config: unknown): Model {
  const parsed = check(modelSchema, config, {
    code: 'SHOAL_MODEL',
    operation: 'read the model',
    hint: "A model is written in Keras' configuration dialect: see docs/model.md.",
  });
  const model = parsed.class_name === 'Sequential' ? parseSequential(parsed.config) : parseFunctional(parsed.config);
  chain(model);
  return model;
}

/** A list of layers, each on the result of the one before. The input is an InputLayer, or stands in the first layer. */
function parseSequential({ name, layers: all, build_input_shape }: z.infer<typeof sequentialConfig>): Model {
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

  const inputName = layer.length === all.length ? `${first.name}_input` : names[0]!;
  const candidates = [
    layer.length < all.length ? all[0]!.config : undefined,
    batch_shape === undefined ? undefined : { batch_shape },
    batch_input_shape === undefined ? undefined : { batch_input_shape },
    build_input_shape ? { batch_shape: build_input_shape } : undefined,
  ];
  const specs = candidates.filter((c) => c !== undefined).map((c) => parseInput(c, inputName));
  checkInputs(specs);

  const calls = layer.map(
    ({ name }, i): Call => ({ name, layer: name, inputs: [i === 0 ? inputName : layer[i - 1]!.name] }),
  );
  return {
    name,
    input: { name: inputName, spec: specs[0]! },
    layers: Object.fromEntries(layer.map(({ entry, name }) => [name, parseLayer(entry, name)])),
    calls,
    output: calls.at(-1)!.name,
  };
}

/** Files of some Keras versions give the input's shape several times: it must be one. */
function checkInputs(specs: readonly TensorSpec[]): void {
  const shapes = new Set(specs.map((spec) => `(${spec.shape.join(', ')})`));
  if (shapes.size === 1) return;
  const got =
    shapes.size === 0 ? 'a model without the shape of its input' : `inputs of shape ${[...shapes].join(' and ')}`;
  const hint = 'Begin with {"class_name": "InputLayer", "config": {"batch_shape": [null, 28, 28, 1]}}.';
  throw modelError('read the model', got, 'one shape', hint);
}
