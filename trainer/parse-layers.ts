// parse-layers.ts: the entries of a model's list of layers: names, inputs, configurations. Not how they are wired (parse-model.ts).
import { z } from 'zod';
import { check, ignored, show, strict } from '../base/check.ts';
import { ShoalError } from '../base/errors.ts';
import { float32 } from './layers/common.ts';
import { layerOf } from './layers/index.ts';
import type { LayerConfig, TensorSpec } from './model.ts';

export const modelError = (operation: string, got: string, expected: string, hint: string): ShoalError =>
  new ShoalError({ code: 'SHOAL_MODEL', operation, got, expected, hint });

const options = z.record(z.string(), z.unknown());
/** A layer in a list. Keras 3 adds the last four. */
export const entryShape = {
  class_name: z.string(),
  name: z.string().optional(),
  config: options.prefault({}),
  module: ignored,
  registered_name: ignored,
  build_config: ignored,
  compile_config: ignored,
};

export interface Entry {
  readonly class_name: string;
  readonly name?: string | undefined;
  readonly config: Readonly<Record<string, unknown>>;
}

export const isInput = (entry: Entry): boolean => entry.class_name === 'InputLayer';

/**
 * Names of the layers, in order; those without one get Keras' automatic names: conv2d, conv2d_1, max_pooling2d.
 * @throws SHOAL_MODEL for a duplicate, or a name that cannot be part of a weight's path
 */
export function nameAll(entries: readonly Entry[]): readonly string[] {
  const given = entries.map((entry) => {
    const name = entry.name ?? entry.config['name'];
    if (name === undefined || name === null) return undefined;
    if (entry.name !== undefined && entry.config['name'] !== undefined && entry.config['name'] !== entry.name) {
      throw modelError(
        `read the layer "${entry.name}"`,
        `config.name ${show(entry.config['name'])}`,
        'the same name twice',
        'Drop one.',
      );
    }
    // Whole numbers are left out because keys that look like them lose their place in an object.
    if (typeof name !== 'string' || !/^[A-Za-z0-9.][A-Za-z0-9_./>-]*$/.test(name) || /^\d+$/.test(name)) {
      const expected = 'letters, digits and _ . / > -, a letter, digit or point first, not digits alone';
      throw modelError('name the layers', `the name ${show(name)}`, expected, 'Rename the layer.');
    }
    return name;
  });
  const taken = new Set<string>();
  for (const name of given) {
    if (name === undefined) continue;
    if (taken.has(name))
      throw modelError('name the layers', `the name "${name}" twice`, 'each name once', 'Rename one.');
    taken.add(name);
  }
  return given.map((name, i) => name ?? automaticName(entries[i]!.class_name, taken));
}

/** A class name as Keras makes names of it: "max_pooling2d", "p_re_lu" (keras/src/utils/naming.py). */
export const snakeCase = (className: string): string =>
  className
    .replaceAll(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

function automaticName(className: string, taken: Set<string>): string {
  const stem = snakeCase(className);
  let name = stem;
  for (let i = 1; taken.has(name); i++) name = `${stem}_${i}`;
  taken.add(name);
  return name;
}

/**
 * Keras 2 and tfjs may write the shape of any layer's input: only that of a Sequential's first layer is read by anyone (parse-sequential.ts).
 * @throws SHOAL_UNKNOWN_LAYER, SHOAL_MODEL
 */
export function parseLayer(entry: Entry, name: string): LayerConfig {
  const layer = layerOf(entry.class_name);
  const hint = `${entry.class_name} takes Keras' options.`;
  const operation = `read the layer "${name}"`;
  const { batch_input_shape: _, ...given } = entry.config;
  const config = check(layer.config, { ...given, name }, { code: 'SHOAL_MODEL', operation, hint });
  return { className: entry.class_name, config: config as LayerConfig['config'] };
}

const axes = z.array(z.int('a whole number: the size of every axis but the batch must be known').positive());
const batched = z
  .tuple(
    [z.int().positive().nullable()],
    z.int('a whole number: the size of every axis but the batch must be known').positive(),
  )
  .transform(([, ...shape]) => shape);
const no = z.literal(false).nullish();
const inputConfig = strict({
  name: z.string().optional(),
  batch_shape: batched.optional(),
  batch_input_shape: batched.optional(),
  shape: axes.optional(),
  dtype: z.union([z.enum(['int32', 'int64']), float32]).prefault('float32'), // ids: whole numbers in f32
  sparse: no,
  ragged: no,
  optional: no,
});

/** The shape that an InputLayer's configuration gives. @throws SHOAL_MODEL */
export function parseInput(config: Readonly<Record<string, unknown>>, name: string): TensorSpec {
  const operation = `read the input "${name}"`;
  const hint = 'For images of 28 x 28 with one channel: "batch_shape": [null, 28, 28, 1].';
  const read = check(inputConfig, { ...config, name }, { code: 'SHOAL_MODEL', operation, hint });
  const given = [read.batch_shape, read.batch_input_shape, read.shape].filter((shape) => shape !== undefined);
  if (given.length !== 1) throw modelError(operation, `${given.length} shapes`, 'batch_shape, or shape', hint);
  return { shape: given[0]! };
}
