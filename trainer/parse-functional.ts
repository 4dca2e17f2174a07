// parse-functional.ts: Keras' Functional models: layers and the nodes that wire them, in both dialects -> Model.
import { z } from 'zod';
import { check, ignored, show, strict } from '../base/check.ts';
import type { Call, Model } from './model.ts';
import { type Entry, entryShape, isInput, modelError, nameAll, parseInput, parseLayer } from './parse-layers.ts';

/** [layer, which of its calls, which of the call's results] */
const reference = z.tuple([z.string(), z.int(), z.literal(0, '0: layers have one result')]);
/** Keras 3 leaves out the outer list where there is but one. */
const references = z.union(
  [z.array(reference), reference.transform((one) => [one])],
  'a list of [layer, node index, tensor index]',
);
const oldNode = z.array(
  z.union(
    [reference, z.tuple([...reference.def.items, strict({})]).transform(([layer, node]) => [layer, node, 0] as const)],
    '[layer, node index, tensor index, {}]',
  ),
);
const keras3Tensor = strict({
  class_name: z.literal('__keras_tensor__'),
  config: strict({ keras_history: reference, shape: ignored, dtype: ignored }),
});
const keras3Node = strict({
  args: z.array(z.unknown()),
  kwargs: z.record(z.string(), z.null('null: arguments of a call are not supported')).prefault({}),
});

export const functionalConfig = strict({
  name: z.string().default('functional'),
  layers: z.array(strict({ ...entryShape, inbound_nodes: z.array(z.unknown()).prefault([]) })),
  input_layers: references,
  output_layers: references,
  trainable: ignored,
  dtype: ignored,
});

type Reference = readonly [layer: string, node: number, tensor: number];

/** Name of a layer's n-th call: the layer's own for the first; a shared layer has more. */
const callName = (layer: string, node: number): string => (node === 0 ? layer : `${layer}:${node}`);

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
  return gather(check(keras3Node, node, problem).args);
}

/** The one name in input_layers or output_layers. */
function only(what: 'input' | 'output', found: readonly Reference[]): Reference {
  if (found.length === 1) return found[0]!;
  const got = `${found.length} ${what}s (${found.map(([name]) => name).join(', ') || 'none'})`;
  throw modelError('read the model', got, `one ${what}`, `Shoal trains models with one input and one output.`);
}

/** A graph of layers. @throws SHOAL_MODEL, SHOAL_UNKNOWN_LAYER */
export function parseFunctional(config: z.infer<typeof functionalConfig>): Model {
  const names = nameAll(config.layers);
  const all = config.layers.map((entry, i) => ({ entry, name: names[i]! }));
  const [input] = only('input', config.input_layers);
  const inputs = all.filter(({ entry }) => isInput(entry as Entry));
  only(
    'input',
    inputs.map(({ name }): Reference => [name, 0, 0]),
  );
  if (inputs[0]!.name !== input) {
    throw modelError('read the model', `input_layers "${input}"`, `"${inputs[0]!.name}", its InputLayer`, 'Change it.');
  }

  const layers = all.filter(({ name }) => name !== input);
  const nodes = layers.flatMap(({ entry, name }) =>
    entry.inbound_nodes.map((node, i) => ({ name: callName(name, i), layer: name, from: parseNode(node, name) })),
  );
  const known = new Set([input, ...nodes.map((call) => call.name)]);
  const resolve = ([layer, node]: Reference, by: string): string => {
    const name = callName(layer, node);
    if (known.has(name)) return name;
    const got = names.includes(layer)
      ? `call ${node} of "${layer}", which it does not have`
      : `the unknown layer "${layer}"`;
    throw modelError('wire the model', `${by} on ${got}`, `one of ${[...known].join(', ')}`, 'Check the names.');
  };
  const calls = sort(
    nodes.map(({ name, layer, from }) => ({ name, layer, inputs: from.map((r) => resolve(r, `"${layer}"`)) })),
    input,
  );
  const [outputLayer, outputNode] = only('output', config.output_layers);
  const output = resolve([outputLayer, outputNode, 0], 'output_layers');
  if (calls.length === 0) throw modelError('read the model', 'no layers', 'at least one', 'Add a Dense layer.');
  checkUse(
    layers.map(({ name }) => name),
    calls,
    output,
  );
  return {
    name: config.name,
    input: { name: input, spec: parseInput(inputs[0]!.entry.config, input) },
    layers: Object.fromEntries(layers.map(({ entry, name }) => [name, parseLayer(entry as Entry, name)])),
    calls,
    output,
  };
}

/** Topological order; of the calls that are ready, the one written first. @throws SHOAL_MODEL for a cycle, by name */
function sort(calls: readonly Call[], input: string): readonly Call[] {
  const done = new Set([input]);
  const sorted: Call[] = [];
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
function cycleError(waiting: readonly Call[]) {
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

/** Every layer must lead to the output: what does not would be trained by nothing. */
function checkUse(layers: readonly string[], calls: readonly Call[], output: string): void {
  const used = new Set([output, ...calls.flatMap((call) => call.inputs)]);
  const loose = [
    ...layers.filter((layer) => !calls.some((call) => call.layer === layer)),
    ...calls.map((call) => call.name).filter((name) => !used.has(name)),
  ];
  if (loose.length === 0) return;
  const got = `${show(loose)}, which no other layer uses`;
  throw modelError('wire the model', got, `every layer to lead to the output "${output}"`, 'Remove it, or wire it.');
}
