// graph.ts: writes a model as Keras writes a Functional one, layer by layer: what builders of named models use. It checks nothing.

/** A layer's result: the name of the layer. */
export type Value = string;

export interface Graph {
  /** A new input (…shape); ids where `dtype` is "int32". */
  input(shape: readonly number[], dtype?: 'float32' | 'int32'): Value;
  /** A new layer on the given values. Its name is its weights' first part. */
  layer(className: string, name: string, config: object, ...inputs: readonly Value[]): Value;
  /** The model's configuration. */
  model(name: string, output: Value): object;
}

export function graph(): Graph {
  const layers: { class_name: string; config: { name: string }; inbound_nodes: readonly unknown[] }[] = [];
  const inputs: Value[] = [];
  const reference = (name: Value) => [name, 0, 0] as const;
  return {
    input(shape, dtype = 'float32') {
      const name = inputs.length === 0 ? 'input' : `input_${inputs.length}`;
      inputs.push(name);
      layers.push({
        class_name: 'InputLayer',
        config: { batch_shape: [null, ...shape], dtype, name } as { name: string },
        inbound_nodes: [],
      });
      return name;
    },
    layer(class_name, name, config, ...from) {
      layers.push({ class_name, config: { ...config, name }, inbound_nodes: [from.map(reference)] });
      return name;
    },
    model: (name, output) => ({
      class_name: 'Functional',
      config: {
        name,
        layers,
        input_layers: inputs.map(reference),
        output_layers: [reference(output)],
      },
    }),
  };
}
