// summary.ts: a model at a glance, as data: shapes, parameters, work. Not its memory (plan.ts), not a table (bin/).
import { elements, type Model } from './model.ts';
import { chain } from './weights.ts';

export interface SummaryRow {
  /** Name of the call: the layer's, or `layer:1` for its second use. */
  readonly layer: string;
  readonly className: string;
  /** Without the batch axis. */
  readonly output: readonly number[];
  /** Trained elements; 0 where another row has counted them already. */
  readonly parameters: number;
  /** Floating-point operations of one sample's forward pass: two for each multiply-add with a kernel, zeros of the border included. */
  readonly flops: number;
}

export interface Summary {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly rows: readonly SummaryRow[];
  readonly parameters: number;
  readonly flops: number;
}

/** One row a call, in the order they run. Throws as parseModel does. */
export function summarize(model: Model): Summary {
  const { shapes, weights } = chain(model);
  const counted = new Set<string>();
  const rows = model.calls.map((call): SummaryRow => {
    const output = shapes[call.name]!.shape;
    const own = weights.filter(({ layer, spec }) => layer === call.layer && spec.role === 'parameter');
    const parameters = own.reduce((sum, { spec }) => sum + elements(spec.shape), 0);
    // A kernel (..., outputs) is used once for each place of the output, whatever the number of outputs.
    const kernel = own.find(({ spec }) => spec.name === 'kernel')?.spec.shape;
    const flops = kernel ? (2 * elements(kernel) * elements(output)) / kernel.at(-1)! : 0;
    const first = !counted.has(call.layer);
    counted.add(call.layer);
    return {
      layer: call.name,
      className: model.layers[call.layer]!.className,
      output,
      parameters: first ? parameters : 0,
      flops,
    };
  });
  const sum = (key: 'parameters' | 'flops') => rows.reduce((total, row) => total + row[key], 0);
  return {
    name: model.name,
    inputs: model.inputs.map(({ name, spec }) => ({ name, shape: spec.shape })),
    rows,
    parameters: sum('parameters'),
    flops: sum('flops'),
  };
}
