// parse-model.ts: a model as Keras 3 or tfjs write its configuration -> Model. Not files (import/), not jobs (job.ts).
import { z } from 'zod';
import { check, ignored, strict } from '../base/check.ts';
import type { Model, TensorSpec } from './model.ts';
import { functionalConfig, parseFunctional } from './parse-functional.ts';
import { type Entry, modelError, parseLayer } from './parse-layers.ts';
import { type Graph, nestedPart, type Part, singlePart } from './parse-parts.ts';
import { parseSequential, sequentialConfig } from './parse-sequential.ts';
import { chain } from './weights.ts';
import { plainModel } from './written-models.ts';

/** What files carry around a model's configuration, and around a model that is a layer of another. */
const envelope = {
  name: ignored,
  inbound_nodes: ignored,
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

const MODELS = ['Sequential', 'Functional', 'Model'];

/**
 * Reads a model: by name, as a base with a head (written-models.ts), or its configuration in Keras 3's dialect, or the older one that
 * tfjs writes, and checks that its shapes chain. Models
 * that are layers of others are laid open: their layers are named "model/layer".
 * @throws SHOAL_MODEL for what is wrong in it, by name; SHOAL_UNKNOWN_LAYER; SHOAL_SHAPE
 */
export function parseModel(config: unknown): Model {
  const { inputs, ...graph } = parseGraph(plainModel(config, parseModel), 'read the model', true);
  const given = new Set(inputs.map(({ name }) => name));
  for (const [i, name] of graph.outputs.entries()) {
    const expected = 'outputs that layers give, each once';
    if (given.has(name)) throw modelError('read the model', `the input "${name}" as an output`, expected, 'Change it.');
    if (graph.outputs.indexOf(name) < i)
      throw modelError('read the model', `the output "${name}" twice`, expected, 'Name it once.');
  }
  const model = { ...graph, inputs: inputs.map(({ name, spec }) => ({ name, spec: spec ?? noShape(name) })) };
  chain(model);
  return model;
}

function parseGraph(config: unknown, operation: string, trainable: boolean): Graph {
  const hint = "A model is written in Keras' configuration dialect: see docs/job.md.";
  const parsed = check(modelSchema, config, { code: 'SHOAL_MODEL', operation, hint });
  const on = trainable && parsed.config.trainable !== false;
  const partOf = (entry: Entry, name: string): Part =>
    MODELS.includes(entry.class_name)
      ? nestedPart(name, parseGraph(entry, `read the model "${name}"`, on))
      : singlePart(name, parseLayer(on ? entry : { ...entry, config: { ...entry.config, trainable: false } }, name));
  return parsed.class_name === 'Sequential'
    ? parseSequential(parsed.config, partOf)
    : parseFunctional(parsed.config, partOf);
}

function noShape(name: string): TensorSpec {
  const hint = 'Begin with {"class_name": "InputLayer", "config": {"batch_shape": [null, 28, 28, 1]}}.';
  throw modelError('read the model', `a model without the shape of its input "${name}"`, 'one shape', hint);
}
