// group-normalization.ts: each sample by the mean and deviation of groups of its channels, over all places. Nothing is shared by samples.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { PANEL } from '../../kernels/signatures/blocks.ts';
import type { TensorSpec } from '../model.ts';
import type { Given, Pending } from '../plan-builder.ts';
import { shapeError } from './common.ts';
import type { LayerKind } from './kind.ts';
import { lastAxis, pixelsOf, scaled, scaleWeights } from './normalization.ts';

/** groups -1: a group a channel. */
const config = strict({ ...scaled, groups: z.union([z.int().positive(), z.literal(-1)]).default(32) });
export type GroupNormalizationConfig = z.infer<typeof config>;

/** @throws SHOAL_SHAPE when the groups do not divide the channels */
function groupsOf(c: GroupNormalizationConfig, inputs: readonly TensorSpec[]): number {
  const channels = lastAxis(c, inputs).shape.at(-1)!;
  if (c.groups === -1) return channels;
  if (channels % c.groups === 0) return c.groups;
  throw shapeError(c.name, inputs, `channels that ${c.groups} groups divide`, 'Change the groups, or the channels.');
}

export const groupNormalization: LayerKind<GroupNormalizationConfig> = {
  className: 'GroupNormalization',
  config,
  arity: [1, 1],
  passesMask: true,
  shape(c, inputs) {
    groupsOf(c, inputs);
    return inputs[0]!;
  },
  weights: (c, inputs) => scaleWeights(c, inputs[0]!.shape.at(-1)!),
  emit(c, f) {
    const { build } = f;
    const x = f.inputs[0]!; // (H, W, C)
    const y = f.output();
    const C = x.shape.at(-1)!;
    const groups = groupsOf(c, [x]);
    const norm: Given = { buffer: build.buffer(16 * build.rows * Math.ceil(C / PANEL) * PANEL), at: 0 };
    const flags = { hasGamma: c.scale ? 1 : 0, hasBeta: c.center ? 1 : 0 };
    const weights = { gamma: c.scale ? f.weight('gamma') : norm, beta: c.center ? f.weight('beta') : norm };
    const strides = { xImage: x.imageStride, xRow: x.rowStride };
    build.call(
      'group_normalize',
      { x: build.at(x), ...weights, y: build.at(y), norm },
      { ...pixelsOf(x, y), groups, ...strides, yImage: y.imageStride, yRow: y.rowStride, ...flags },
      { epsilon: c.epsilon },
    );
    return {
      output: y,
      backward(g) {
        const { dY } = g;
        const wants = g.wants(0);
        const dX = wants ? g.dInput(0) : dY;
        const partial: Pending = { buffer: build.buffer(8 * build.rows * C), at: 0 };
        build.call(
          'group_normalize_backward',
          { dy: build.at(dY), x: build.at(x), norm, partial, dx: build.at(dX) },
          {
            ...{ ...pixelsOf(dY, x, dX), groups, dyImage: dY.imageStride, dyRow: dY.rowStride, ...strides },
            ...{ dxImage: dX.imageStride, dxRow: dX.rowStride, wantInput: wants ? 1 : 0 },
          },
          {},
        );
        const view = { H: 1, W: 1, C, dyImage: 2 * C, dyRow: C };
        const sum = (name: string, at: number, independent: boolean) =>
          build.call('bias_gradient', { dy: { ...partial, at }, out: g.gradient(name) }, view, {}, { independent });
        if (c.scale) sum('gamma', 0, false);
        if (c.center) sum('beta', 4 * C, c.scale);
      },
    };
  },
};
