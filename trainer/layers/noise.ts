// noise.ts: in training, adds normal numbers to each value, or multiplies it by normal numbers around 1. Drawn from a counter.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { elements } from '../model.ts';
import type { PlanBuilder } from '../plan-builder.ts';
import { combine, viewed } from '../strided.ts';
import type { Tensor } from '../tensor.ts';
import { base } from './common.ts';
import { rate, seed } from './dropout.ts';
import type { LayerKind } from './kind.ts';

/** Numbers for each sample: from low to high, or normal ones of mean low and deviation high. */
export function drawn(
  build: PlanBuilder,
  shape: readonly number[],
  site: number,
  { normal = false, low, high }: { readonly normal?: boolean; readonly low: number; readonly high: number },
): Tensor {
  const y = build.tensor(shape);
  build.call('noise', { y: build.at(y) }, { L: elements(shape), normal: normal ? 1 : 0, site }, { low, high });
  return y;
}

const config = strict({ ...base, stddev: z.number().nonnegative(), seed });
export type GaussianNoiseConfig = z.infer<typeof config>;

export const gaussianNoise: LayerKind<GaussianNoiseConfig> = {
  className: 'GaussianNoise',
  config,
  arity: [1, 1],
  passesMask: true,
  shape: (_, inputs) => inputs[0]!,
  weights: () => [],
  emit(c, f) {
    const { build } = f;
    const x = f.inputs[0]!;
    if (!f.training || c.stddev === 0) return { output: x, backward: (g) => g.wants(0) && g.pass(0, g.dY) };
    const noise = drawn(build, x.shape, f.site, { normal: true, low: 0, high: c.stddev });
    const y = f.output();
    combine(build, 'add', x.shape, viewed(build, x), viewed(build, noise), viewed(build, y));
    return { output: y, backward: (g) => g.wants(0) && g.pass(0, g.dY) };
  },
};

const dropoutConfig = strict({ ...base, rate, seed });
export type GaussianDropoutConfig = z.infer<typeof dropoutConfig>;

/** Deviation sqrt(rate / (1 - rate)), as inverted dropout has. */
export const gaussianDropout: LayerKind<GaussianDropoutConfig> = {
  className: 'GaussianDropout',
  config: dropoutConfig,
  arity: [1, 1],
  passesMask: true,
  shape: (_, inputs) => inputs[0]!,
  weights: () => [],
  emit(c, f) {
    const { build } = f;
    const x = f.inputs[0]!;
    if (!f.training || c.rate === 0) return { output: x, backward: (g) => g.wants(0) && g.pass(0, g.dY) };
    const factors = drawn(build, x.shape, f.site, { normal: true, low: 1, high: Math.sqrt(c.rate / (1 - c.rate)) });
    const through = (from: Tensor, to: Tensor): void =>
      combine(build, 'multiply', x.shape, viewed(build, from), viewed(build, factors), viewed(build, to));
    const y = f.output();
    through(x, y);
    return { output: y, backward: (g) => g.wants(0) && through(g.dY, g.dInput(0)) };
  },
};
