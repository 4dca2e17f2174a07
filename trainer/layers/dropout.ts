// dropout.ts: in training, zeroes a share `rate` of the values and scales the others by 1 / (1 - rate). Not spatial dropout.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { type Tensor, viewOf } from '../tensor.ts';
import { base, off } from './common.ts';
import type { Forward, LayerKind } from './kind.ts';

const config = strict({
  ...base,
  rate: z.number().min(0).lt(1),
  seed: z.null("null: the job's seed decides what is dropped").default(null),
  noise_shape: off,
});
export type DropoutConfig = z.infer<typeof config>;

export const dropout: LayerKind<DropoutConfig> = {
  className: 'Dropout',
  config,
  arity: [1, 1],
  passesMask: true,
  shape: (_, inputs) => inputs[0]!,
  weights: () => [],
  emit(c, f) {
    const x = f.inputs[0]!;
    if (!f.training || c.rate === 0) return { output: x, backward: (g) => g.wants(0) && g.pass(0, g.dY) };
    const y = f.output();
    mask(c, f, x, y);
    // the same draws again: what was kept lets its gradient through, with the same factor
    return { output: y, backward: (g) => g.wants(0) && mask(c, f, g.dY, g.dInput(0)) };
  },
};

function mask(c: DropoutConfig, f: Forward, x: Tensor, y: Tensor): void {
  const strides = { xImage: x.imageStride, xRow: x.rowStride, yImage: y.imageStride, yRow: y.rowStride };
  const operands = { x: f.build.at(x), y: f.build.at(y) };
  f.build.call('dropout', operands, { ...viewOf(x, y), ...strides, site: f.site }, { rate: c.rate });
}
