// summary.ts: a model at a glance, as data: shapes, parameters, work. Not its memory (arrange.ts), not a table (bin/).
import { f32 } from './codecs/f32.ts';
import { lossNamed } from './losses/index.ts';
import { elements, type Model } from './model.ts';
import { compile } from './plan.ts';
import { chain, segmentsOf } from './weights.ts';

export interface SummaryRow {
  /** Name of the call: the layer's, or `layer:1` for its second use. */
  readonly layer: string;
  readonly className: string;
  /** Without the batch axis. */
  readonly output: readonly number[];
  /** Trained elements; 0 where another row has counted them already. */
  readonly parameters: number;
  /** Floating-point operations of one sample's forward pass: two for each multiply-add of a product, zeros of the border included. */
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
  const work = workOf(model);
  const rows = model.calls.map((call): SummaryRow => {
    const output = shapes[call.name]!.shape;
    const own = weights.filter(({ layer, spec }) => layer === call.layer && spec.role === 'parameter');
    const parameters = own.reduce((sum, { spec }) => sum + elements(spec.shape), 0);
    const first = !counted.has(call.layer);
    counted.add(call.layer);
    return {
      layer: call.name,
      className: model.layers[call.layer]!.className,
      output,
      parameters: first ? parameters : 0,
      flops: work.get(call.name) ?? 0,
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

/** Operations of one sample's forward pass by call, as its plan counts them. */
function workOf(model: Model): ReadonlyMap<string, number> {
  const { weights, shapes } = segmentsOf(model);
  // frozen: what cannot be trained, as statistics of a layer that is called twice, can be looked at
  const segments = weights.map((segment) => ({ ...segment, frozen: true as const }));
  const inputs = model.inputs.map(({ name }) => ({ field: name, dtype: 'f32' as const, scale: [1], shift: [0] }));
  // predictions meet no loss: any will do
  const loss = lossNamed('MeanSquaredError', {});
  const outputs = model.outputs.map((name) => {
    const label = { field: `label ${name}`, bytes: 4 * elements(shapes[name]!.shape) };
    return { label, loss, fromLogits: false, weight: 1, metrics: [] };
  });
  const { plans } = compile({ model, segments, shapes, rows: 1, inputs, outputs, codec: f32 });
  const work = new Map<string, number>();
  for (const { layer, flops } of plans.predict.calls) work.set(layer, (work.get(layer) ?? 0) + flops);
  return work;
}
