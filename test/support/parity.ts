// parity.ts: one question put to our plans and to the float64 oracle, in the same numbers. It judges nothing.
import { seedWords } from '../../base/random.ts';
import { type LossName, losses } from '../../trainer/losses/index.ts';
import { elements, type Model, type Segment } from '../../trainer/model.ts';
import { segmentsOf } from '../../trainer/weights.ts';
import { uniform } from '../cases/model.ts';
import type { HostBatch } from './host-plan.ts';
import type { LossOptions, NdArray, LossName as OracleLoss, OracleRequest } from './oracle/index.ts';

export interface Question {
  readonly model: Model;
  readonly loss: LossName;
  readonly lossConfig?: object | undefined;
  readonly fromLogits?: boolean;
  /** Rows of each micro-shard. */
  readonly shares: readonly number[];
  /** The input holds ids below this instead of values. */
  readonly ids?: number | undefined;
}

export const SEED = 11;
export const STEP = 5;

/** A compact vector as the oracle wants it, by path. */
export function byPath(segments: readonly Segment[], flat: ArrayLike<number>): Record<string, NdArray> {
  return Object.fromEntries(
    segments.map(({ path, shape, flat: from, length }) => [
      path,
      { shape, data: Float64Array.from({ length }, (_, i) => flat[from + i]!) },
    ]),
  );
}

/** Weights of about unit gain, biases of a third, variances above a half, all exact in f32. */
export function testParameters(segments: readonly Segment[]): Float32Array {
  const last = segments.at(-1);
  const flat = new Float32Array(last ? last.flat + last.length : 0);
  segments.forEach(({ path, shape, flat: at }, i) => {
    const fanIn = elements(shape.slice(0, -1));
    const { data } = uniform(shape, i, path.endsWith('bias') ? 0.3 : Math.sqrt(2 / fanIn));
    flat.set(path.endsWith('variance') ? data.map((v) => 0.5 + Math.abs(v)) : data, at);
  });
  return flat;
}

const SHARES: readonly LossName[] = ['CategoricalCrossentropy', 'KLDivergence'];
const BITS: readonly LossName[] = ['BinaryCrossentropy', 'BinaryFocalCrossentropy', 'Hinge', 'SquaredHinge'];

/** Labels for `rows` samples of an output: class numbers, distributions, bits or values. */
export function testLabels(loss: LossName, output: readonly number[], rows: number): Int32Array | Float32Array {
  const classes = output.at(-1)!;
  const width = elements(output);
  const noise = uniform([rows * width], 90).data;
  const hot = Int32Array.from({ length: (rows * width) / classes }, (_, i) => (i * 5 + 2) % classes);
  // by place, every fifth label does not count
  if (loss === 'SparseCategoricalCrossentropy')
    return output.length === 1 ? hot : hot.map((label, i) => (i % 5 === 1 ? -1 : label));
  if (SHARES.includes(loss)) {
    // every other label is soft: it sums to 1, but is no single class
    const soft = (row: number, i: number) =>
      0.75 * Number(hot[row] === i) + 0.25 * Number((hot[row]! + 1) % classes === i);
    return Float32Array.from({ length: rows * width }, (_, at) => {
      const row = Math.floor(at / classes);
      return row % 2 === 0 ? Number(hot[row] === at % classes) : soft(row, at % classes);
    });
  }
  if (['CategoricalHinge', 'CategoricalFocalCrossentropy'].includes(loss))
    return Float32Array.from({ length: rows * width }, (_, at) =>
      Number(hot[Math.floor(at / classes)] === at % classes),
    );
  if (loss === 'Poisson') return Float32Array.from(noise, Math.abs);
  if (BITS.includes(loss)) return Float32Array.from(noise, (v) => Number(v > 0.2));
  return Float32Array.from(noise);
}

/** The same batch for the host's plans and for the oracle. */
export function ask({ model, loss, lossConfig, fromLogits = false, shares, ids }: Question): {
  batch: HostBatch;
  request: OracleRequest;
} {
  const { weights: segments, shapes } = segmentsOf(model);
  const rows = shares.reduce((a, b) => a + b, 0);
  const parameters = testParameters(segments);
  const noise = uniform([rows * elements(model.inputs[0]!.spec.shape)], 91).data;
  const images = Float32Array.from(noise, (x) => (ids === undefined ? x : Math.floor(Math.abs(x) * ids)));
  const labels = testLabels(loss, shapes[model.outputs[0]!]!.shape, rows);
  const request: OracleRequest = {
    model,
    weights: byPath(segments, parameters),
    x: { shape: [rows, ...model.inputs[0]!.spec.shape], data: Float64Array.from(images) },
    labels: Float64Array.from(labels),
    loss: losses[loss].kind.name as OracleLoss,
    fromLogits,
    ...(lossConfig && { lossOptions: lossConfig as LossOptions }),
    dropout: { seed: seedWords(SEED), step: STEP, firstSlot: 0 },
    shares: shares.filter((share) => share > 0),
  };
  return { batch: { parameters, images, labels, shares, step: STEP }, request };
}
