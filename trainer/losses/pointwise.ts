// pointwise.ts: losses of each output by itself, as Keras has them: absolute error, Huber, log-cosh, hinge, divergence, Poisson.
import { z } from 'zod';
import { type LossCall, loss, type Values, weightsOf } from './kind.ts';

/** The kernel's numbers of them (kernels/signatures.ts). */
const KINDS = { absolute: 0, huber: 1, logCosh: 2, hinge: 3, squaredHinge: 4, divergence: 5, poisson: 6 } as const;

/** The mean over a sample's outputs; of a divergence the sum over a row, and the mean over the rows of a sample. */
function emit(kind: keyof typeof KINDS, c: Values<Record<never, never>>, call: LossCall, delta = 0): void {
  const { build, output, labels, dOutput, sum } = call;
  const size = output.imageStride;
  const C = kind === 'divergence' ? output.shape.at(-1)! : size;
  const m = size / C;
  const { weights, hasWeights } = weightsOf(c, call, 'values', m);
  build.call(
    'pointwise_loss',
    { y: build.at(output), targets: labels, weights, dY: build.at(dOutput ?? output), sum },
    {
      m,
      C,
      ldy: C,
      ldd: C,
      over: kind === 'divergence' ? m : C,
      kind: KINDS[kind],
      hasWeights,
      wantGradient: dOutput ? 1 : 0,
    },
    { delta },
  );
}

const pointwise = (name: string, kind: keyof typeof KINDS) =>
  loss({
    config: {},
    kind: { name, labels: 'values', activation: null },
    emit: (c, call) => emit(kind, c, call),
  });

export const meanAbsoluteError = pointwise('mean_absolute_error', 'absolute');
export const logCosh = pointwise('log_cosh', 'logCosh');
/** Labels -1 and 1; 0 counts as -1. */
export const hinge = pointwise('hinge', 'hinge');
export const squaredHinge = pointwise('squared_hinge', 'squaredHinge');
/** Kullback and Leibler's, of distributions. */
export const klDivergence = pointwise('kl_divergence', 'divergence');
export const poisson = pointwise('poisson', 'poisson');
/** Squares up to `delta`, a line beyond. */
export const huber = loss({
  config: { delta: z.number().positive().default(1) },
  kind: { name: 'huber', labels: 'values', activation: null },
  emit: (c, call) => emit('huber', c, call, c.delta),
});
