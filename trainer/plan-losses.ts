// plan-losses.ts: the losses and counts of a plan: what its outputs are compared with, and the gradients that the losses ask for.
import type { Operand } from '../kernels/abi.ts';
import { type CompileOptions, countsOf, type Mode, type Plan, type Shared } from './plan.ts';
import { fixedAt, type PlanBuilder } from './plan-builder.ts';
import type { Tensor } from './tensor.ts';

/** Every output's loss, its counts, and where the plan trains the gradient that it asks for, by name of the output. */
export function emitLosses(
  build: PlanBuilder,
  mode: Mode,
  options: CompileOptions,
  { input, outputs, contribution, packs, firstCount, penalties }: Omit<Shared, 'tables'>,
  results: readonly Tensor[],
): { readonly gradients: ReadonlyMap<string, Tensor> | null; readonly counts: Plan['counts'] } {
  const { model } = options;
  const scalar = (i: number): Operand => fixedAt('contribution', contribution.scalarsAt + 8 * i);
  const gradients = new Map<string, Tensor>();
  const counts: Plan['counts'][number][] = [];
  let from = firstCount;
  build.pass = 'loss';
  options.outputs.forEach(({ loss, fromLogits, label, weight, sampleWeights: weighed = null, metrics }, output) => {
    const { context, lossAt } = outputs[output]!;
    const result = results[output]!;
    build.layer = loss.name;
    const labels = fixedAt('input', input.fields[label.field]!.at);
    const sampleWeights = weighed && {
      at: fixedAt('input', input.fields[weighed.field]!.at),
      perSample: weighed.perSample,
    };
    const y = loss.activation === null && !fromLogits ? result : build.tensor(result.shape);
    const dOutput = mode === 'train' ? build.tensor(result.shape) : null;
    loss.emit({ build, output: result, labels, sampleWeights, y, dOutput, sum: scalar(lossAt) });
    for (const kind of countsOf(metrics.filter((m) => mode === 'evaluate' || m.everyStep))) {
      const length = kind.length(context);
      kind.emit(build, context, y, labels, scalar(from));
      counts.push({ key: kind.key, output, from, length });
      from += length;
    }
    if (dOutput) gradients.set(model.outputs[output]!, dOutput);
    if (dOutput && weight !== 1) scale(build, dOutput, weight);
  });
  if (outputs.length > 1) {
    build.layer = 'loss';
    const weights = build.tables.add(Float32Array.from(options.outputs, ({ weight }) => weight));
    build.call('weigh_f64', { values: scalar(1), weights, sum: scalar(0) }, { count: outputs.length }, {});
  }
  if (penalties.length > 0) {
    build.layer = 'penalties';
    const { sums, count } = packs.penalties(penalties);
    build.call('penalty_loss', { sums, sum: scalar(firstCount - 1) }, { count }, {});
  }
  return { gradients: mode === 'train' ? gradients : null, counts };
}

/** y *= factor, in place; y is compact. */
function scale(build: PlanBuilder, y: Tensor, factor: number): void {
  const L = y.imageStride;
  const [a, b] = [build.at(y), build.tables.add(Float32Array.of(factor))];
  const strides = { aImage: L, aA: 0, aB: 0, aL: 1, bImage: 0, bA: 0, bB: 0, bL: 0, yImage: L, yA: 0, yB: 0 };
  build.call('combine', { a, b, y: a }, { operation: 2, A: 1, B: 1, L, ...strides }, {});
}
