// batch-normalization.ts: each channel by its mean and deviation over a micro-shard, or by their moving averages when the model is
// used. Not over the whole batch: that is what data-parallel training does everywhere.
import { z } from 'zod';
import { ignored, strict } from '../../base/check.ts';
import { PANEL, PIXEL_BLOCK } from '../../kernels/signatures/blocks.ts';
import { initializerSchema } from '../initializers.ts';
import { elements, type WeightSpec } from '../model.ts';
import type { Given } from '../plan-builder.ts';
import type { Tensor } from '../tensor.ts';
import { off, parameter } from './common.ts';
import type { Backward, Forward, LayerKind } from './kind.ts';
import { lastAxis, pixelsOf, scaled, scaleWeights } from './normalization.ts';

const no = z.literal(false, 'false: Shoal does not have it yet').default(false);
const config = strict({
  ...scaled,
  momentum: z.number().min(0).max(1).default(0.99),
  moving_mean_initializer: initializerSchema('zeros'),
  moving_variance_initializer: initializerSchema('ones'),
  synchronized: no,
  renorm: no,
  renorm_clipping: off,
  renorm_momentum: ignored,
});
export type BatchNormalizationConfig = z.infer<typeof config>;

export const batchNormalization: LayerKind<BatchNormalizationConfig> = {
  className: 'BatchNormalization',
  config,
  arity: [1, 1],
  perLeaf: (c) => c.trainable,
  shape: lastAxis,
  weights(c, inputs) {
    const C = lastAxis(c, inputs).shape.at(-1)!;
    const moving = (name: string, from: Parameters<typeof parameter>[2]): WeightSpec => ({
      ...parameter(name, [C], from),
      role: 'state',
      momentum: c.momentum,
    });
    return [
      ...scaleWeights(c, C),
      moving('moving_mean', c.moving_mean_initializer),
      moving('moving_variance', c.moving_variance_initializer),
    ];
  },
  emit(c, f) {
    const x = f.inputs[0]!;
    const y = f.output();
    return f.training && c.trainable ? batch(c, f, x, y) : moving(c, f, x, y);
  },
};

/** Channels rounded up to whole panels: the rows that kernels keep of each. */
const padded = (x: Tensor): number => Math.ceil(x.shape.at(-1)! / PANEL) * PANEL;
const normOf = ({ build }: Forward, x: Tensor): Given => ({ buffer: build.buffer(16 * padded(x)), at: 0 });
const flags = (c: BatchNormalizationConfig) => ({ hasGamma: c.scale ? 1 : 0, hasBeta: c.center ? 1 : 0 });

/** y = gamma (x - mean) / deviation + beta, by what `norm` holds. */
function normalize({ build }: Forward, x: Tensor, norm: Given, y: Tensor): void {
  const ints = {
    ...pixelsOf(x, y),
    xImage: x.imageStride,
    xRow: x.rowStride,
    yImage: y.imageStride,
    yRow: y.rowStride,
  };
  build.call('batch_normalize', { x: build.at(x), norm, y: build.at(y) }, { ...ints, relu: 0 }, {});
}

/** As the model is used: by the moving statistics, which stay as they are. */
function moving(c: BatchNormalizationConfig, f: Forward, x: Tensor, y: Tensor) {
  const { build } = f;
  const C = x.shape.at(-1)!;
  const inference = (norm: Given, mean: Given, hasBeta: 0 | 1): void => {
    const operands = {
      mean,
      variance: f.weight('moving_variance'),
      gamma: c.scale ? f.weight('gamma') : norm,
      beta: hasBeta === 1 ? f.weight('beta') : norm,
      norm,
    };
    const { hasGamma } = flags(c);
    build.call('batch_inference', operands, { C, hasGamma, hasBeta }, { epsilon: c.epsilon }, { independent: true });
  };
  const norm = normOf(f, x);
  inference(norm, f.weight('moving_mean'), c.center ? 1 : 0);
  normalize(f, x, norm, y);
  return {
    output: y,
    // dx = gamma / deviation * dy: the same call without a mean and a beta
    backward(g: Backward) {
      if (!g.wants(0)) return;
      const slope = normOf(f, x);
      inference(slope, build.tables.add(new Float32Array(C)), 0);
      normalize(f, g.dY, slope, g.dInput(0));
    },
  };
}

/** By the statistics of this micro-shard, whose sums the contribution carries. */
function batch(c: BatchNormalizationConfig, f: Forward, x: Tensor, y: Tensor) {
  const { build } = f;
  const blocks = Math.ceil((build.rows * elements(x.shape)) / x.shape.at(-1)! / PIXEL_BLOCK);
  const partialOf = (): Given => ({ buffer: build.buffer(8 * padded(x) * blocks), at: 0 });
  const norm = normOf(f, x);
  const partial = partialOf();
  build.call(
    'batch_moments',
    { x: build.at(x), partial },
    { ...pixelsOf(x), xImage: x.imageStride, xRow: x.rowStride },
    {},
  );
  const operands = {
    partial,
    gamma: c.scale ? f.weight('gamma') : norm,
    beta: c.center ? f.weight('beta') : norm,
    norm,
    meanSum: f.sum('moving_mean'),
    varianceSum: f.sum('moving_variance'),
  };
  build.call('batch_statistics', operands, { ...pixelsOf(x), ...flags(c) }, { epsilon: c.epsilon });
  normalize(f, x, norm, y);
  return {
    output: y,
    backward(g: Backward) {
      const { dY } = g;
      const sums = partialOf();
      const factors: Given = { buffer: build.buffer(8 * padded(x)), at: 0 };
      const read = { dyImage: dY.imageStride, dyRow: dY.rowStride, xImage: x.imageStride, xRow: x.rowStride, relu: 0 };
      const both = { dy: build.at(dY), x: build.at(x), norm };
      build.call('batch_moments_backward', { ...both, partial: sums }, { ...pixelsOf(dY, x), ...read }, {});
      const gradients = {
        dGamma: c.scale ? g.gradient('gamma') : norm,
        dBeta: c.center ? g.gradient('beta') : norm,
      };
      const ints = { ...pixelsOf(x), ...flags(c) };
      build.call('batch_statistics_backward', { partial: sums, norm, factors, ...gradients }, ints, {});
      if (!g.wants(0)) return;
      const dX = g.dInput(0);
      const write = { ...pixelsOf(dY, x, dX), ...read, dxImage: dX.imageStride, dxRow: dX.rowStride };
      build.call('batch_normalize_backward', { ...both, factors, dx: build.at(dX) }, write, {});
    },
  };
}
