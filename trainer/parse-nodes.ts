// parse-nodes.ts: the calls of a layer in a Functional model: which results it is given, in both dialects. Not the graph (parse-functional.ts).
import { z } from 'zod';
import { check, ignored, strict } from '../base/check.ts';
import { type Entry, modelError } from './parse-layers.ts';

/** [layer, which of its calls, which of the call's results] */
export const reference = z.tuple([z.string(), z.int(), z.int().nonnegative()]);
export type Reference = readonly [layer: string, node: number, tensor: number];

const off = z
  .union([z.null(), z.literal(false)], 'null or false: other arguments of a call are not supported')
  .optional();
/** Layers of images of which Keras 3 writes that they train, at every call: how the model is called decides, as of all others. */
const ALWAYS_TRAINING = /^(CenterCrop|Resizing|Random[A-Z]\w*)$/;

/** Named arguments of a call: attention's further tensors, and its mask of what lies ahead, which layerEntry() reads. */
const named = <T extends z.ZodType>(tensor: T, training: z.ZodOptional = off) =>
  strict({
    query: tensor.optional(),
    value: tensor.optional(),
    key: tensor.optional(),
    use_causal_mask: z.boolean().optional(),
    ...{ mask: off, training, attention_mask: off, return_attention_scores: off },
  }).prefault({});

const oldNode = z.array(
  z.union(
    [
      reference.transform((from): readonly Reference[] => [from]),
      z
        .tuple([...reference.def.items, named(reference)])
        .transform(([layer, node, tensor, { value, key }]): readonly Reference[] => [
          [layer, node, tensor],
          ...(value ? [value] : []),
          ...(key ? [key] : []),
        ]),
    ],
    '[layer, node index, tensor index, {}]',
  ),
);
const keras3Tensor = strict({
  class_name: z.literal('__keras_tensor__'),
  config: strict({ keras_history: reference, shape: ignored, dtype: ignored }),
});
const keras3Node = strict({ args: z.array(z.unknown()), kwargs: named(z.unknown()) });
const imageNode = strict({ args: z.array(z.unknown()), kwargs: named(z.unknown(), z.boolean().nullish()) });

/** The inputs of one call of a layer of a class, in order, in either dialect. @throws SHOAL_MODEL */
export function parseNode(node: unknown, layer: string, className: string): readonly Reference[] {
  const problem = {
    code: 'SHOAL_MODEL',
    operation: `read inbound_nodes of the layer "${layer}"`,
    hint: 'Write them as Keras does: [[["previous", 0, 0, {}]]].',
  } as const;
  if (Array.isArray(node)) return check(oldNode, node, problem).flat();
  const gather = (value: unknown): readonly Reference[] =>
    Array.isArray(value)
      ? value.flatMap(gather)
      : value === null || value === undefined
        ? []
        : [check(keras3Tensor, value, problem).config.keras_history];
  const { args, kwargs } = check(ALWAYS_TRAINING.test(className) ? imageNode : keras3Node, node, problem);
  return [...gather(args), ...gather([kwargs.query, kwargs.value, kwargs.key])];
}

/** A layer as it is configured: with what Keras gives at its calls, and Shoal keeps with the layer. @throws SHOAL_MODEL */
export function layerEntry({
  class_name,
  name,
  config,
  inbound_nodes,
}: Entry & { readonly inbound_nodes: readonly unknown[] }): Entry {
  const causal = inbound_nodes.map(isCausal);
  if (!causal.includes(true)) return { class_name, name, config };
  if (causal.includes(false)) {
    const got = 'some calls with use_causal_mask and some without';
    throw modelError(`read the layer "${name ?? class_name}"`, got, 'all alike', 'Give each kind a layer of its own.');
  }
  return { class_name, name, config: { ...config, use_causal_mask: true } };
}

/** Whether a call in either dialect asks for a causal mask. */
const isCausal = (node: unknown): boolean =>
  typeof node === 'object' &&
  node !== null &&
  Object.entries(node).some(([key, inner]) => (key === 'use_causal_mask' ? inner === true : isCausal(inner)));
