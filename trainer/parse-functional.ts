// parse-functional.ts: Keras' Functional models: layers and the nodes that wire them, in both dialects -> a graph.
import { z } from 'zod';
import { check, ignored, show, strict } from '../base/check.ts';
import type { Call } from './model.ts';
import { type Entry, entryShape, isInput, modelError, nameAll, parseInput } from './parse-layers.ts';
import { callName, type Graph, layersOfParts, type Part, type PartOf } from './parse-parts.ts';

/** [layer, which of its calls, which of the call's results] */
const reference = z.tuple([z.string(), z.int(), z.int().nonnegative()]);
/** Keras 3 leaves out the outer list where there is but one. */
const references = z.union(
  [z.array(reference), reference.transform((one) => [one])],
  'a list of [layer, node index, tensor index]',
);
const oldNode = z.array(
  z.union(
    [
      reference,
      z
        .tuple([...reference.def.items, strict({})])
        .transform(([layer, node, tensor]) => [layer, node, tensor] as const),
    ],
    '[layer, node index, tensor index, {}]',
  ),
);
const keras3Tensor = strict({
  class_name: z.literal('__keras_tensor__'),
  config: strict({ keras_history: reference, shape: ignored, dtype: ignored }),
});
const keras3Node = strict({
  args: z.array(z.unknown()),
  kwargs: z.record(z.string(), z.unknown()).prefault({}),
});
/** Arguments of a call by name that do nothing. */
const nothing = z.union([z.null(), z.literal(false)], 'null: arguments of a call are not supported');

export const functionalConfig = strict({
  name: z.string().default('functional'),
  layers: z.array(strict({ ...entryShape, inbound_nodes: z.array(z.unknown()).prefault([]) })),
  input_layers: references,
  output_layers: references,
  trainable: z.boolean().optional(),
  dtype: ignored,
});

type Reference = readonly [layer: string, node: number, tensor: number];

/** The inputs of one call, in order, in either dialect. @throws SHOAL_MODEL */
function parseNode(node: unknown, layer: string): readonly Reference[] {
  const problem = {
    code: 'SHOAL_MODEL',
    operation: `read inbound_nodes of the layer "${layer}"`,
    hint: 'Write them as Keras does: [[["previous", 0, 0, {}]]].',
  } as const;
  if (Array.isArray(node)) return check(oldNode, node, problem);
  const gather = (value: unknown): readonly Reference[] =>
    Array.isArray(value)
      ? value.flatMap(gather)
      : value === null
        ? []
        : [check(keras3Tensor, value, problem).config.keras_history];
  const { args, kwargs } = check(keras3Node, node, problem);
  const { query = null, value = null, key = null, use_causal_mask: _, ...rest } = kwargs; // attention's
  check(z.record(z.string(), nothing), rest, problem);
  return gather([...args, query, value, key]);
}

/** A layer as it is configured: with what Keras gives at its calls, and Shoal keeps with the layer. @throws SHOAL_MODEL */
function layerEntry({ class_name, name, config, inbound_nodes }: Entry & { inbound_nodes: readonly unknown[] }): Entry {
  const causal = inbound_nodes.map(
    (node) => (node as { kwargs?: { use_causal_mask?: unknown } }).kwargs?.use_causal_mask === true,
  );
  if (!causal.includes(true)) return { class_name, name, config };
  if (causal.includes(false)) {
    const got = 'some calls with use_causal_mask and some without';
    throw modelError(`read the layer "${name ?? class_name}"`, got, 'all alike', 'Give each kind a layer of its own.');
  }
  return { class_name, name, config: { ...config, use_causal_mask: true } };
}

/** One call of a layer, or of a model that is one. */
interface Node {
  readonly name: string;
  readonly part: Part;
  readonly n: number;
  readonly from: readonly Reference[];
}

/** A graph of layers. @throws SHOAL_MODEL, SHOAL_UNKNOWN_LAYER */
export function parseFunctional(config: z.infer<typeof functionalConfig>, partOf: PartOf<Entry>): Graph {
  const names = nameAll(config.layers);
  const all = config.layers.map((entry, i) => ({ entry: entry as Entry & typeof entry, name: names[i]! }));
  const inputs = inputsOf(config.input_layers, all);
  const layers = all
    .filter(({ entry }) => !isInput(entry))
    .map(({ entry, name }) => ({ entry, name, part: partOf(layerEntry(entry), name) }));
  const nodes = layers.flatMap(({ entry, name, part }) =>
    entry.inbound_nodes.map((node, n): Node => ({ name: callName(name, n), part, n, from: parseNode(node, name) })),
  );
  if (nodes.length === 0) throw modelError('read the model', 'no layers', 'at least one', 'Add a Dense layer.');
  const known = new Map([
    ...inputs.map(({ name }) => [name, 1] as const),
    ...nodes.map(({ name, part }) => [name, part.results] as const),
  ]);
  const target = ([layer, n, tensor]: Reference, by: string): string => {
    const name = callName(layer, n);
    if (tensor < (known.get(name) ?? 0)) return name;
    const got = known.has(name)
      ? `result ${tensor} of "${name}", which has ${known.get(name)}`
      : names.includes(layer)
        ? `call ${n} of "${layer}", which it does not have`
        : `the unknown layer "${layer}"`;
    throw modelError('wire the model', `${by} on ${got}`, `one of ${[...known.keys()].join(', ')}`, 'Check the names.');
  };
  const wired = sort(
    nodes.map((node) => ({ ...node, inputs: node.from.map((r) => target(r, `"${node.name.split(':')[0]}"`)) })),
    inputs.map(({ name }) => name),
  );
  if (config.output_layers.length === 0)
    throw modelError('read the model', 'no outputs', 'at least one', 'Name it in output_layers.');
  const ends = config.output_layers.map((r) => target(r, 'output_layers'));
  checkUse([...layers.map(({ name }) => name), ...inputs.map(({ name }) => name)], wired, ends);

  const results = new Map<string, readonly string[]>(inputs.map(({ name }) => [name, [name]]));
  const resolve = ([layer, n, tensor]: Reference): string => results.get(callName(layer, n))![tensor]!;
  const calls = wired.flatMap(({ name, part, n, from }): readonly Call[] => {
    const used = part.call(n, from.map(resolve));
    results.set(name, used.results);
    return used.calls;
  });
  return {
    name: config.name,
    inputs,
    layers: layersOfParts(layers.map(({ part }) => part)),
    calls,
    outputs: config.output_layers.map(resolve),
  };
}

/** In the order of input_layers: they and the InputLayers must be the same. */
function inputsOf(
  given: readonly Reference[],
  all: readonly { readonly entry: Entry; readonly name: string }[],
): Graph['inputs'] {
  const layers = all.filter(({ entry }) => isInput(entry));
  const list = (names: readonly string[]): string => names.join(', ') || 'none';
  const [wanted, named] = [layers.map(({ name }) => name), given.map(([name]) => name)];
  if (list([...wanted].sort()) !== list([...named].sort()) || wanted.length === 0) {
    const got = `the input_layers ${list(named)}`;
    const expected = `its InputLayers: ${list(wanted)}`;
    throw modelError('read the model', got, expected, 'Each input needs an InputLayer, and a place in input_layers.');
  }
  return named.map((name) => {
    const { entry } = layers.find((layer) => layer.name === name)!;
    return { name, spec: parseInput(entry.config, name) };
  });
}

type Wired = Node & { readonly inputs: readonly string[] };

/** Topological order; of the calls that are ready, the one written first. @throws SHOAL_MODEL for a cycle, by name */
function sort(calls: readonly Wired[], inputs: readonly string[]): readonly Wired[] {
  const done = new Set(inputs);
  const sorted: Wired[] = [];
  let waiting = calls;
  while (waiting.length > 0) {
    const ready = waiting.find((call) => call.inputs.every((name) => done.has(name)));
    if (!ready) throw cycleError(waiting);
    done.add(ready.name);
    sorted.push(ready);
    waiting = waiting.filter((call) => call !== ready);
  }
  return sorted;
}

/** Every waiting call has a waiting input: following them leads round. */
function cycleError(waiting: readonly Wired[]) {
  const byName = new Map(waiting.map((call) => [call.name, call]));
  const path: string[] = [];
  let call = waiting[0]!;
  while (!path.includes(call.name)) {
    path.unshift(call.name);
    call = byName.get(call.inputs.find((name) => byName.has(name))!)!;
  }
  const cycle = [call.name, ...path.slice(0, path.indexOf(call.name) + 1)];
  return modelError(
    'wire the model',
    `a cycle: ${cycle.join(' -> ')}`,
    'a graph without cycles',
    'Change inbound_nodes.',
  );
}

/** Every layer and input must lead to an output: what does not would be trained by nothing. */
function checkUse(names: readonly string[], calls: readonly Wired[], outputs: readonly string[]): void {
  const used = new Set([...outputs, ...calls.flatMap((call) => call.inputs)]);
  const called = new Set(calls.map(({ name }) => name));
  const loose = [
    ...names.filter((name) => !called.has(name) && !used.has(name)),
    ...calls.map(({ name }) => name).filter((name) => !used.has(name)),
  ];
  if (loose.length === 0) return;
  const got = `${show(loose)}, which no other layer uses`;
  const expected = `every layer to lead to ${outputs.length === 1 ? 'the output' : 'an output:'} ${outputs.map((o) => `"${o}"`).join(', ')}`;
  throw modelError('wire the model', got, expected, 'Remove it, or wire it.');
}
