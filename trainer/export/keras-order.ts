// keras-order.ts: the order in which Keras keeps a Functional model's layers: by it, not by name, Keras 3 finds the weights of a file. Not the
// configuration (keras-config.ts).
import type { Model } from '../model.ts';

/**
 * Names of inputs and layers, those farthest from the outputs first; of equally far ones the first that a walk back from the outputs meets
 * (keras/src/ops/function.py, map_graph). What no output depends on comes last.
 */
export function kerasOrder(model: Pick<Model, 'inputs' | 'layers' | 'calls' | 'outputs'>): readonly string[] {
  const calls = new Map(model.calls.map((call) => [call.name, call]));
  const layerOf = (node: string): string => calls.get(node)?.layer ?? node;
  const before = (node: string): readonly string[] => calls.get(node)?.inputs ?? [];

  const met = new Map<string, number>(); // layers, in the order of the walk
  const done = new Set<string>(); // nodes, from the inputs on
  const walk = (node: string): void => {
    if (done.has(node)) return;
    if (!met.has(layerOf(node))) met.set(layerOf(node), met.size);
    for (const input of before(node)) walk(input);
    done.add(node);
  };
  for (const output of model.outputs) walk(output);

  const ofNode = new Map<string, number>();
  const ofLayer = new Map<string, number>();
  for (const node of [...done].reverse()) {
    const layer = layerOf(node);
    const depth = Math.max(ofNode.get(node) ?? 0, ofLayer.get(layer) ?? 0);
    ofLayer.set(layer, depth);
    for (const input of before(node)) ofNode.set(input, Math.max(depth + 1, ofNode.get(input) ?? 0));
  }
  const all = [...model.inputs.map(({ name }) => name), ...Object.keys(model.layers)];
  const depth = (name: string): number => ofLayer.get(name) ?? 0;
  const place = (name: string): number => met.get(name) ?? (Object.hasOwn(model.layers, name) ? all.length : -1);
  return all.toSorted((a, b) => depth(b) - depth(a) || place(a) - place(b));
}
