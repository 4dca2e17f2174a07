// graphs.ts: graphs as Keras writes them, and the loss and gradients of one micro-shard of them beside the float64 oracle's. No test.
import assert from 'node:assert/strict';
import { loadKernels } from '../../kernels/load.ts';
import { codecs } from '../../trainer/codecs/index.ts';
import { compact } from '../../trainer/contribution.ts';
import { createHostRunner } from '../../trainer/host-runner.ts';
import { type LossName, losses, lossNamed } from '../../trainer/losses/index.ts';
import { elements, type Model } from '../../trainer/model.ts';
import { compile, type OutputOptions } from '../../trainer/plan.ts';
import { segmentsOf } from '../../trainer/weights.ts';
import { uniform } from '../cases/model.ts';
import { relativeError } from './compare.ts';
import { type LossName as OracleLoss, oracle } from './oracle/index.ts';
import { byPath, testLabels, testParameters } from './parity.ts';

type Wire = readonly [layer: string, call?: number, tensor?: number];
interface Entry {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** One list for each call. */
  readonly calls: readonly (readonly Wire[])[];
}
export const entry = (class_name: string, config: object, ...calls: (readonly Wire[])[]): Entry => ({
  class_name,
  config: config as Entry['config'],
  calls,
});

/** A Functional model in the older dialect. */
export const functional = (
  name: string,
  inputs: Readonly<Record<string, readonly number[]>>,
  layers: Readonly<Record<string, Entry>>,
  outputs: readonly Wire[],
) => ({
  class_name: 'Functional',
  config: {
    name,
    layers: [
      ...Object.entries(inputs).map(([input, shape]) => ({
        class_name: 'InputLayer',
        name: input,
        config: { batch_shape: [null, ...shape] },
      })),
      ...Object.entries(layers).map(([layer, { class_name, config, calls }]) => ({
        class_name,
        name: layer,
        config,
        inbound_nodes: calls.map((from) => from.map(([of, call = 0, tensor = 0]) => [of, call, tensor, {}])),
      })),
    ],
    input_layers: Object.keys(inputs).map((input) => [input, 0, 0]),
    output_layers: outputs.map(([layer, call = 0, tensor = 0]) => [layer, call, tensor]),
  },
});

const ROWS = 3;
interface Output {
  readonly loss: LossName;
  readonly weight?: number;
  readonly fromLogits?: boolean;
}

/** The plan's loss and gradients of one micro-shard, and the oracle's, by path. */
export function both(model: Model, outputs: readonly Output[], codec: keyof typeof codecs = 'f32') {
  const { weights: segments, shapes } = segmentsOf(model);
  const values = model.inputs.map(({ spec }, i) => ({
    shape: [ROWS, ...spec.shape],
    data: Float64Array.from(Float32Array.from(uniform([ROWS * elements(spec.shape)], 91 + i).data)),
  }));
  const targets = outputs.map(({ loss, weight = 1, fromLogits = false }, i) => {
    const name = model.outputs[i]!;
    return { name, loss, weight, fromLogits, labels: testLabels(loss, shapes[name]!.shape, ROWS) };
  });
  const program = compile({
    model,
    segments,
    shapes,
    rows: ROWS,
    inputs: model.inputs.map(({ name }) => ({ field: name, dtype: 'f32', scale: [1], shift: [0] })),
    outputs: targets.map(
      ({ name, loss, weight, fromLogits, labels }): OutputOptions => ({
        label: { field: `${name} label`, bytes: labels.byteLength / ROWS },
        loss: lossNamed(loss),
        weight,
        fromLogits,
        metrics: [],
      }),
    ),
    codec: codecs[codec],
  });
  const runner = createHostRunner(program, segments, loadKernels());
  const { views, at } = runner;
  const parameters = testParameters(segments);
  runner.load(parameters);
  const put = (field: string, data: Float32Array | Int32Array) =>
    views.u8.set(new Uint8Array(data.buffer), at.input + program.input.fields[field]!.at);
  model.inputs.forEach(({ name }, i) => {
    put(name, Float32Array.from(values[i]!.data));
  });
  for (const { name, labels } of targets) put(`${name} label`, labels);
  views.u8.fill(0xff, at.arena, at.arena + program.plans.train.arenaBytes); // NaN: what a call reads that none has written shows
  runner.run('train', { rows: ROWS });
  const { scalarsAt, segments: moving } = program.contribution;
  const sums = views.f32.slice(at.contribution >>> 2, (at.contribution + scalarsAt) >>> 2);
  const [first, ...more] = targets.map((t) => ({
    ...t,
    loss: losses[t.loss].kind.name as OracleLoss,
    labels: [...t.labels],
  }));
  const expected = oracle({
    model,
    weights: byPath(segments, parameters),
    x: values[0]!,
    inputs: Object.fromEntries(model.inputs.slice(1).map(({ name }, i) => [name, values[i + 1]!])),
    ...first!,
    outputs: more,
  });
  const scalars = views.f64.slice((at.contribution + scalarsAt) >>> 3, ((at.contribution + scalarsAt) >>> 3) + 3);
  return { program, moving, gradients: compact(moving, sums), scalars, expected };
}

/** That loss and gradients are the oracle's, within 1e-5 and the tolerance. */
export function checkParity(
  model: Model,
  outputs: readonly Output[],
  tolerance = 1e-5,
  codec: keyof typeof codecs = 'f32',
) {
  const { moving, gradients, scalars, expected, program } = both(model, outputs, codec);
  assert.ok(relativeError([scalars[0]! / ROWS], [expected.loss]) <= 1e-5, 'loss');
  for (const [path, { data }] of Object.entries(byPath(moving, gradients))) {
    const error = relativeError(
      data.map((g) => g / ROWS),
      expected.gradients[path]!,
    );
    assert.ok(error <= tolerance, `${path}: ${error}`);
  }
  return { moving, program };
}
