// parse-parts.ts: what a model is put together from: layers, and models that are layers of others. Not how files write them.
import type { Call, LayerConfig, TensorSpec } from './model.ts';
import { modelError } from './parse-layers.ts';

/** A model whose inputs may have no shape yet. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly spec: TensorSpec | null }[];
  readonly layers: Readonly<Record<string, LayerConfig>>;
  /** In topological order. */
  readonly calls: readonly Call[];
  /** Names of calls, or of inputs. */
  readonly outputs: readonly string[];
}

/** An entry of a model's list of layers. */
export interface Part {
  /** By name, in the order of their weights. */
  readonly layers: Readonly<Record<string, LayerConfig>>;
  /** Of its first input, where the part itself says it. */
  readonly spec: TensorSpec | null;
  /** How many results a call has. */
  readonly results: number;
  /** Its n-th use. @throws SHOAL_MODEL for a wrong number of inputs */
  call(n: number, inputs: readonly string[]): { readonly calls: readonly Call[]; readonly results: readonly string[] };
}

/** Reads an entry under the name that it has been given. */
export type PartOf<E> = (entry: E, name: string) => Part;

/** Name of a layer's n-th call: the layer's own for the first; a shared layer has more. */
export const callName = (layer: string, n: number): string => (n === 0 ? layer : `${layer}:${n}`);

export function singlePart(name: string, layer: LayerConfig): Part {
  return {
    layers: { [name]: layer },
    spec: null,
    results: 1,
    call(n, inputs) {
      const call = callName(name, n);
      return { calls: [{ name: call, layer: name, inputs }], results: [call] };
    },
  };
}

/** A model as a layer of another. Its layers are named "model/layer", its second use's calls "model:1/layer". */
export function nestedPart(name: string, graph: Graph): Part {
  const layers = Object.entries(graph.layers).map(([layer, config]): [string, LayerConfig] => {
    const path = `${name}/${layer}`;
    return [path, { ...config, config: { ...config.config, name: path } }];
  });
  return {
    layers: Object.fromEntries(layers),
    spec: graph.inputs[0]!.spec,
    results: graph.outputs.length,
    call(n, inputs) {
      if (inputs.length !== graph.inputs.length) {
        const expected = `${graph.inputs.length}, as the model has`;
        throw modelError(`wire the model "${name}"`, `${inputs.length} inputs`, expected, 'Change its inbound_nodes.');
      }
      const known = new Map(graph.inputs.map((input, i) => [input.name, inputs[i]!]));
      const calls = graph.calls.map((call): Call => {
        const path = `${callName(name, n)}/${call.name}`;
        known.set(call.name, path);
        return { name: path, layer: `${name}/${call.layer}`, inputs: call.inputs.map((from) => known.get(from)!) };
      });
      return { calls, results: graph.outputs.map((output) => known.get(output)!) };
    },
  };
}

/** The layers of all parts, in order. */
export const layersOfParts = (parts: readonly Part[]): Readonly<Record<string, LayerConfig>> =>
  Object.assign({}, ...parts.map((part) => part.layers)) as Record<string, LayerConfig>;
