// layer.ts: the suite that every layer passes: loss, output and every gradient of small models that contain it. Not the cases.
import assert from 'node:assert/strict';
import type { LossName } from '../../trainer/losses/index.ts';
import type { Model } from '../../trainer/model.ts';
import { parseModel } from '../../trainer/parse-model.ts';
import { relativeError } from '../support/compare.ts';
import { assertGradient } from '../support/grad-check.ts';
import { createHost, turned } from '../support/host-plan.ts';
import { oracle, oracleLoss } from '../support/oracle/index.ts';
import { ask, byPath, SEED } from '../support/parity.ts';

/** [Keras class, its options; the layers it reads: default the one before]. Layers are named by class and place: "conv2d_0". */
export type Node = readonly [className: string, config?: object, inputs?: readonly string[]];

export interface LayerCase {
  readonly title: string;
  /** Of the input, without the batch axis. */
  readonly input: readonly number[];
  /** Those before the layer under test make its input's gradient visible: as the gradient of their weights. */
  readonly layers: readonly Node[];
  /** Rows of each micro-shard. Default [2, 1]. */
  readonly shares?: readonly number[];
  /** Rows of the micro-shard whose gradients are compared with central differences. Default 1. */
  readonly rows?: number;
  /** Default MeanSquaredError. */
  readonly loss?: LossName;
  readonly lossConfig?: object;
  readonly fromLogits?: boolean;
  /** The input holds ids below this. */
  readonly ids?: number;
}

/** The model of a case. */
export const modelOf = (input: readonly number[], nodes: readonly Node[]): Model => parseModel(configOf(input, nodes));

/** The same as Keras would write it. */
export function configOf(input: readonly number[], nodes: readonly Node[]): object {
  const nameOf = (i: number) => (i < 0 ? 'input' : `${nodes[i]![0].toLowerCase()}_${i}`);
  const entry = ([class_name, config = {}, inputs]: Node, i: number) => ({
    class_name,
    config: { ...config, name: nameOf(i) },
    inbound_nodes: [(inputs ?? [nameOf(i - 1)]).map((name) => [name, 0, 0, {}])],
  });
  const first = { class_name: 'InputLayer', config: { batch_shape: [null, ...input], name: 'input' } };
  return {
    class_name: 'Functional',
    config: {
      layers: [first, ...nodes.map(entry)],
      input_layers: [['input', 0, 0]],
      output_layers: [[nameOf(nodes.length - 1), 0, 0]],
    },
  };
}

const TOLERANCE = 1e-5;

function close(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  // what is zero by its nature, as the gradient of a key's bias, is rounding on both sides
  if (Math.hypot(...Array.from(expected)) < 1e-12) {
    assert.ok(Math.hypot(...Array.from(actual)) < 1e-6, `${what}: not zero`);
    return;
  }
  const error = relativeError(actual, expected);
  assert.ok(error <= tolerance, `${what}: relative error ${error} > ${tolerance}`);
}

/** Loss, predictions and gradients of all rows beside the oracle's; the same bits when independent calls run in another order. */
function checkParity(c: LayerCase): void {
  const { input, layers, loss = 'MeanSquaredError', lossConfig, fromLogits = false, shares = [2, 1], ids } = c;
  const model = modelOf(input, layers);
  const { batch, request } = ask({ model, loss, lossConfig, fromLogits, shares, ids });
  const host = createHost({ model, loss, lossConfig, fromLogits, rows: Math.max(...shares), seed: SEED });
  const samples = shares.reduce((a, b) => a + b, 0);

  const trained = host.run('train', batch);
  const expected = oracle(request);
  close([trained.loss / samples], [expected.loss], TOLERANCE, 'loss');
  for (const [path, { data }] of Object.entries(byPath(host.segments, trained.gradients)))
    close(
      data.map((g) => g / samples),
      expected.statistics[path] ?? expected.gradients[path]!,
      TOLERANCE,
      path,
    );
  assert.deepEqual(host.run('train', batch, turned), trained, 'other bits when independent calls are turned around');

  const { dropout: _, shares: __, ...without } = request;
  const predicted = oracle(without);
  close(host.run('predict', batch).output, predicted.output.data, TOLERANCE, 'prediction');
  close([host.run('evaluate', batch).loss / samples], [predicted.loss], TOLERANCE, 'loss of an evaluation');
}

/** Gradients of one micro-shard beside central differences of the oracle's loss, a few elements of each weight. */
function checkDifferences({
  input,
  layers,
  loss = 'MeanSquaredError',
  lossConfig,
  fromLogits = false,
  rows = 1,
  ids,
}: LayerCase): void {
  const model = modelOf(input, layers);
  const { batch, request } = ask({ model, loss, lossConfig, fromLogits, shares: [rows], ids });
  const host = createHost({ model, loss, lossConfig, fromLogits, rows, seed: SEED });
  const sums = byPath(host.segments, host.run('train', batch).gradients);
  for (const { path, state } of host.segments) {
    // zero by its nature: the oracle has said so, and there is no relative error of rounding
    if (state || Math.hypot(...sums[path]!.data) < 1e-6) continue;
    const { shape, data } = request.weights[path]!;
    const f = (w: Float64Array) =>
      oracleLoss({ ...request, weights: { ...request.weights, [path]: { shape, data: w } } });
    const gradient = sums[path]!.data.map((g) => g / rows);
    // few elements, so a kink may take its share of them
    assertGradient({ f, x: data, gradient, tolerance: 1e-4, samples: 4, kinks: 0.5 }, path);
  }
}

/** Declares the tests of one layer, or of one loss. */
export function layerSuite(name: string, cases: readonly LayerCase[]): void {
  describe(name, () => {
    for (const c of cases) {
      const rows = (c.shares ?? [2, 1]).join(' + ');
      it(`${c.title}: within ${TOLERANCE} of the float64 oracle, ${rows} rows`, () => checkParity(c));
      it(`${c.title}: gradients within 1e-4 of central differences`, () => checkDifferences(c));
    }
  });
}
