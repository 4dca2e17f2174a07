// written-models.ts: the short ways to write a model: by name, or as a base with a new head -> Keras' dialect. No files are read here.
import { z } from 'zod';
import { check, strict } from '../base/check.ts';
import { ShoalError } from '../base/errors.ts';
import { modelToKeras } from './export/keras-config.ts';
import type { Call, Model } from './model.ts';
import { buildNamed, isNamed } from './models/index.ts';

/** The name of a base among the layers of its model: its layers are "base/...". */
export const BASE = 'base';

const transferSchema = strict({
  name: z.string().default('transfer'),
  /** A model, in any of the ways that models are written. */
  base: z.unknown(),
  /** The call of the base whose result the head reads. Default: its output. */
  until: z.string().optional(),
  /** Layers, each on the result of the one before. */
  head: z.array(z.unknown()),
});

export const isTransfer = (model: unknown): model is Readonly<Record<string, unknown>> =>
  typeof model === 'object' && model !== null && 'base' in model;

/**
 * The model as Keras would write it; what is written so already, as it is.
 * @param parse reads a model in Keras' dialect
 * @throws SHOAL_MODEL
 */
export function plainModel(written: unknown, parse: (config: unknown) => Model): unknown {
  if (isNamed(written)) return buildNamed(written);
  if (!isTransfer(written)) return written;
  const problem = {
    code: 'SHOAL_MODEL',
    operation: 'read the model',
    hint: 'docs/models.md shows a base with a head.',
  } as const;
  const { name, base, until, head } = check(transferSchema, written, problem);
  const { config } = modelToKeras(cutModel(parse(base), until));
  const layer = { class_name: 'Functional', config: { ...config, name: BASE } };
  return { class_name: 'Sequential', config: { name, layers: [layer, ...head] } };
}

/** What of a model leads to one of its calls. @throws SHOAL_MODEL for an unknown call */
export function cutModel(model: Model, until: string | undefined): Model {
  if (until === undefined && model.outputs.length === 1) return model;
  const last = until ?? model.outputs[0]!;
  const end = model.calls.findIndex(({ name }) => name === last);
  if (end < 0) {
    throw new ShoalError({
      code: 'SHOAL_MODEL',
      operation: `cut the model "${model.name}"`,
      got: `until "${last}"`,
      expected: `one of ${model.calls.map(({ name }) => name).join(', ')}`,
      hint: 'Name the layer whose result the head is to read.',
    });
  }
  const needed = new Set([last]);
  const calls: Call[] = [];
  for (const call of model.calls.slice(0, end + 1).reverse()) {
    if (!needed.has(call.name)) continue;
    calls.unshift(call);
    for (const name of call.inputs) needed.add(name);
  }
  const used = new Set(calls.map(({ layer }) => layer));
  return {
    ...model,
    inputs: model.inputs.filter(({ name }) => needed.has(name)),
    layers: Object.fromEntries(Object.entries(model.layers).filter(([name]) => used.has(name))),
    calls,
    outputs: [last],
  };
}
