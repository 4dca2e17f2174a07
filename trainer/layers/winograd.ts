// winograd.ts: 3 x 3 convolution of stride 1 as calls of `winograd` and `winograd_dw`: 16 products where the direct form takes 36, as
// exact. Other geometries: conv-direct.ts. Source: Lavin and Gray (2015), arXiv 1509.09308.
import { SCRATCH_BYTES } from '../../kernels/abi.ts';
import type { Halo, Tensor } from '../tensor.ts';
import { fusedActivation } from './activate.ts';
import { type Convolution, direct, macs } from './conv-direct.ts';
import { cornerOf } from './conv-tables.ts';
import type { Conv2DConfig } from './conv2d.ts';
import type { Forward } from './kind.ts';

/** Channels below which the transforms cost more than they save. */
const LEAST = 16;
/** Patches of 2 x 2 results that one tile covers, where scratch has room: weights are read once for all of them. */
const MOST_PATCHES = 24;
const LEAST_PATCHES = 12;

const patchesThatFit = (channels: number): number => {
  const row = 4 * 8 * Math.ceil(channels / 8);
  return Math.floor((SCRATCH_BYTES - 256 - 16 * Math.max(row, 256)) / (16 * (row + 256)));
};

/** Whether a layer over so many channels is computed this way. */
export function winogradFits(c: Conv2DConfig, channels: number): boolean {
  const { kernel_size: size, strides, dilation_rate: dilation, groups, filters } = c;
  if ([...size].some((n) => n !== 3) || [...strides, ...dilation, groups].some((n) => n !== 1)) return false;
  return Math.min(channels, filters) >= LEAST && patchesThatFit(Math.max(channels, filters)) >= LEAST_PATCHES;
}

/** The last patch of an odd image reaches one row, or column, further. */
const evened = (halo: Halo, height: number, width: number): Halo => ({
  ...halo,
  bottom: halo.bottom + (height % 2),
  right: halo.right + (width % 2),
});

export const winograd: Convolution = {
  inputHalo: (c, g) => evened(direct.inputHalo(c, g), g.rows.output, g.columns.output),
  // dW needs it too, where the last patch reaches beyond dY
  gradientHalo: (c, g, height, width) => evened(direct.gradientHalo(c, g, height, width, true), height, width),
  forward(c, { rows, columns }, f, x, y) {
    const kernel = f.weight('kernel');
    const channels = x.shape[2]!;
    convolve(f, x, y, {
      corner: cornerOf(x, rows.before, columns.before),
      packed: f.packs.winograd(kernel, `${c.name}/kernel`, { K: channels, N: c.filters, turned: false }),
      bias: c.use_bias ? f.weight('bias') : null,
      activation: fusedActivation(c.activation, f),
      flops: 2 * macs(c, x, y),
    });
  },
  weightGradient(c, { rows, columns }, { build }, { dY, gradient }, x) {
    const [H, W] = dY.shape as [number, number, number];
    const corner = cornerOf(x, rows.before, columns.before);
    build.call(
      'winograd_dw',
      { x: build.at(x, corner), dy: build.at(dY), out: gradient('kernel') },
      {
        ...{ H, W, C: x.shape[2]!, N: c.filters, ldo: c.filters },
        ...{ xRow: x.rowStride, xImage: x.imageStride, dyRow: dY.rowStride, dyImage: dY.imageStride },
      },
      {},
      { flops: 2 * macs(c, x, dY) },
    );
  },
  /** dX: the same over dY, with the kernel turned around. */
  inputGradient(c, { rows, columns }, f, g, x) {
    const { dY } = g;
    const kernel = f.weight('kernel');
    convolve(f, dY, g.dInput(0), {
      corner: cornerOf(dY, 2 - rows.before, 2 - columns.before),
      packed: f.packs.winograd(kernel, `${c.name}/kernel`, { K: c.filters, N: x.shape[2]!, turned: true }),
      bias: null,
      activation: 0,
      flops: 2 * macs(c, x, dY),
    });
  },
};

interface Convolve {
  /** Floats from x's first element to where the first window starts. */
  readonly corner: number;
  readonly packed: ReturnType<Forward['weight']>;
  readonly bias: ReturnType<Forward['weight']> | null;
  readonly activation: number;
  readonly flops: number;
}

function convolve({ build }: Forward, x: Tensor, y: Tensor, o: Convolve): void {
  const [H, W, N] = y.shape as [number, number, number];
  const C = x.shape[2]!;
  const patches = build.rows * Math.ceil(H / 2) * Math.ceil(W / 2);
  const least = Math.ceil(patches / Math.min(MOST_PATCHES, patchesThatFit(C)));
  const tiles = least === 1 ? 1 : least + (least % 2); // an even number, for teams of threads
  build.call(
    'winograd',
    { x: build.at(x, o.corner), packed: o.packed, bias: o.bias ?? o.packed, y: build.at(y) },
    {
      ...{ H, W, C, N, block: Math.ceil(patches / tiles), hasBias: o.bias ? 1 : 0, activation: o.activation },
      ...{ xRow: x.rowStride, xImage: x.imageStride, yRow: y.rowStride, yImage: y.imageStride },
    },
    {},
    { flops: o.flops },
  );
}
