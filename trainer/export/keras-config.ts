// keras-config.ts: a Model as Keras writes its configuration: the way back of parse-model.ts. Not weights, nor files.

import type { Model } from '../model.ts';
import { chain } from '../weights.ts';

/** A layer in a Functional model's list. Each entry of inbound_nodes is one call: its [layer, call of it, 0, {}] inputs. */
export interface KerasLayer {
  readonly class_name: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Of a layer that Keras 3 must read as its own: see modelToKeras. */
  readonly module?: 'keras.layers';
  readonly inbound_nodes: readonly (readonly Reference[] | Keras3Node)[];
}
/** How Keras 3 writes a call whose inputs are arguments of their own: attention's. */
interface Keras3Node {
  readonly args: readonly { readonly class_name: '__keras_tensor__'; readonly config: object }[];
  readonly kwargs: { readonly use_causal_mask?: true };
}
type Reference = readonly [layer: string, call: number, tensor: 0, options: Record<string, never>];

export interface KerasConfig {
  /** Where Keras 3 looks for the class; older ones, tfjs and parseModel pass over it. */
  readonly module: 'keras.src.models.functional';
  readonly class_name: 'Functional';
  readonly config: {
    readonly name: string;
    readonly trainable: true;
    readonly layers: readonly KerasLayer[];
    readonly input_layers: readonly (readonly [string, number, number])[];
    readonly output_layers: readonly (readonly [string, number, number])[];
  };
}

/** Options that Keras writes of all its layers but these, and then refuses there. They change nothing. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  SpatialDropout1D: ['trainable', 'data_format'],
  SpatialDropout2D: ['trainable'],
};

/**
 * A model in the dialect that parseModel, Keras 3's `model_from_json` and, but for the input's shape, tfjs read. Always a
 * Functional one: a Sequential is a graph without branches. Nodes have the older list form, which all three know. A slash in
 * a layer's name, which tfjs and Keras 2 write, Keras 3 refuses. Of a layer without `module`, which it takes for an older one, Keras 3
 * forgets an axis that is a list of several (keras/src/legacy/saving/saving_utils.py).
 */
export function modelToKeras(model: Model): KerasConfig {
  const references = new Map<string, Reference>(model.inputs.map(({ name }) => [name, [name, 0, 0, {}]]));
  const { shapes } = chain(model);
  const nodes = new Map<string, (readonly Reference[] | Keras3Node)[]>(
    Object.keys(model.layers).map((name) => [name, []]),
  );
  for (const call of model.calls) {
    const earlier = nodes.get(call.layer)!;
    references.set(call.name, [call.layer, earlier.length, 0, {}]);
    const from = call.inputs.map((name) => references.get(name)!);
    const { className, config } = model.layers[call.layer]!;
    if (className !== 'MultiHeadAttention') earlier.push(from);
    else
      earlier.push({
        args: from.map(([layer, n, tensor], i) => ({
          class_name: '__keras_tensor__',
          config: {
            shape: [null, ...shapes[call.inputs[i]!]!.shape],
            dtype: 'float32',
            keras_history: [layer, n, tensor],
          },
        })),
        kwargs: config['use_causal_mask'] ? { use_causal_mask: true } : {},
      });
  }
  const inputs = model.inputs.map(
    ({ name, spec }): KerasLayer => ({
      class_name: 'InputLayer',
      name,
      config: { batch_shape: [null, ...spec.shape], dtype: 'float32', name },
      inbound_nodes: [],
    }),
  );
  const layers = Object.entries(model.layers).map(([name, { className, config }]): KerasLayer => {
    // null here, and a key that older Keras refuses; an argument of calls there
    const { quantization_config: _, use_causal_mask: _mask, ...options } = config;
    const refused = REFUSED[className] ?? [];
    const rest = Object.fromEntries(Object.entries(options).filter(([key]) => !refused.includes(key)));
    const axes = Array.isArray(config['axis']) && config['axis'].length > 1;
    const inbound_nodes = nodes.get(name)!;
    return {
      class_name: className,
      name,
      ...(axes && { module: 'keras.layers' }),
      config: { ...rest, name },
      inbound_nodes,
    };
  });
  const outputs = model.outputs.map((name) => references.get(name)!);
  return {
    module: 'keras.src.models.functional',
    class_name: 'Functional',
    config: {
      name: model.name,
      trainable: true,
      layers: [...inputs, ...layers],
      input_layers: model.inputs.map(({ name }) => [name, 0, 0]),
      output_layers: outputs.map(([layer, call, tensor]) => [layer, call, tensor]),
    },
  };
}
