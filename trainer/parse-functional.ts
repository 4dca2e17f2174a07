// parse-functional.ts: Keras' Functional models: layers and the nodes that wire them, in both dialects -> a graph.
import { z } from 'zod';
import { ignored, show, strict } from '../base/check.ts';
import type { Call } from './model.ts';
import { type Entry, entryShape, isInput, modelError, nameAll, parseInput } from './parse-layers.ts';
import { withoutMasks } from './parse-masks.ts';
import { layerEntry, parseNode, type Reference, reference } from './parse-nodes.ts';
import { callName, type Graph, layersOfParts, type Part, type PartOf } from './parse-parts.ts';

/** Keras 3 leaves out the outer list where there is but one. */
const references = z.union(
  [z.array(reference), reference.transform((one) => [one])],
  'a list of [layer, node index, tensor index]',
);
export const functionalConfig = strict({
  name: z.string().default('functional'),
  layers: z.array(strict({ ...entryShape, inbound_nodes: z.array(z.unknown()).prefault([]) })),
  input_layers: references,
  output_layers: references,
  trainable: z.boolean().optional(),
  dtype: ignored,
});

/** One call of a layer, or of a model that is one. */
interface Node {
  readonly name: string;
  readonly part: Part;
  readonly n: number;
  readonly from: readonly Reference[];
}

/** A graph of layers. @throws SHOAL_MODEL, SHOAL_UNKNOWN_LAYER */
export function parseFunctional(config: z.infer<typeof functionalConfig>, partOf: PartOf<Entry>): Graph {
  const entries = withoutMasks(config.layers);
  const names = nameAll(entries);
  const all = entries.map((entry, i) => ({ entry: entry as Entry & typeof entry, name: names[i]! }));
  const inputs = inputsOf(config.input_layers, all);
  const layers = all
    .filter(({ entry }) => !isInput(entry))
    .map(({ entry, name }) => ({ entry, name, part: partOf(layerEntry(entry), name) }));
  const parsed = layers.map(({ entry, name, part }) => ({
    name,
    part,
    uses: entry.inbound_nodes.map((node) => parseNode(node, name, entry.class_name)),
  }));
  const first = firstNodes(parsed, config.output_layers);
  const counted = ([layer, n, tensor]: Reference): Reference => [layer, n - (first.get(layer) ?? 0), tensor];
  const outputs = config.output_layers.map(counted);
  const nodes = parsed.flatMap(({ name, part, uses }) =>
    uses.map((from, n): Node => ({ name: callName(name, n), part, n, from: from.map(counted) })),
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
  const ends = outputs.map((r) => target(r, 'output_layers'));
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
    outputs: outputs.map(resolve),
  };
}

/** Keras 2 and tfjs count a nested model's own making as its node 0 and write no such node: its first use is then 1. */
function firstNodes(
  parsed: readonly { readonly name: string; readonly uses: readonly (readonly Reference[])[] }[],
  outputs: readonly Reference[],
): ReadonlyMap<string, number> {
  const references = [...parsed.flatMap(({ uses }) => uses.flat()), ...outputs];
  return new Map(
    parsed.map(({ name, uses }) => {
      const used = references.filter(([layer]) => layer === name).map(([, n]) => n);
      return [name, used.includes(uses.length) && !used.includes(0) ? 1 : 0];
    }),
  );
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
