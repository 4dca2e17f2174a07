// pooling.test.ts: max and average pooling, forward and backward, and what connects the two.
import assert from 'node:assert/strict';
import type { Ints } from '../../kernels/abi.ts';
import { type KernelCase, kernelSuite, noise, outputsOf, zeros } from '../cases/kernel.ts';

interface Pool {
  readonly H: number;
  readonly W: number;
  readonly C: number;
  readonly pool: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly same?: boolean;
  /** Floats between rows of every view. */
  readonly halo?: number;
}

/** Output length and leading padding along one axis, as Keras defines them. */
function axis(length: number, pool: number, stride: number, same: boolean): readonly [out: number, pad: number] {
  if (!same) return [Math.floor((length - pool) / stride) + 1, 0];
  const out = Math.ceil(length / stride);
  return [out, Math.floor(Math.max(0, (out - 1) * stride + pool - length) / 2)];
}

function shape({ H, W, C, pool, stride, same = false, halo = 0 }: Pool) {
  const [OH, padTop] = axis(H, pool[0], stride[0], same);
  const [OW, padLeft] = axis(W, pool[1], stride[1], same);
  const window = {
    OH,
    OW,
    C,
    poolH: pool[0],
    poolW: pool[1],
    strideH: stride[0],
    strideW: stride[1],
    padTop,
    padLeft,
    H,
    W,
  };
  const inRow = W * C + halo;
  const outRow = OW * C + halo;
  return { window, inRow, inImage: H * inRow, outRow, outImage: OH * outRow };
}

const POOLS: readonly Pool[] = [
  // the fast path: 2 x 2 by 2, channels around its 16
  ...[1, 3, 4, 5, 15, 16, 17, 32, 33].map((C) => ({ H: 6, W: 8, C, pool: [2, 2], stride: [2, 2], halo: 3 }) as const),
  { H: 7, W: 5, C: 16, pool: [2, 2], stride: [2, 2] }, // odd: a row and a column belong to no window
  { H: 7, W: 5, C: 16, pool: [2, 2], stride: [2, 2], same: true, halo: 1 },
  ...[1, 3, 4, 5, 17].map((C) => ({ H: 7, W: 6, C, pool: [3, 3], stride: [2, 2], same: true, halo: 2 }) as const),
  { H: 5, W: 5, C: 6, pool: [3, 2], stride: [1, 1], same: true },
  { H: 4, W: 9, C: 3, pool: [2, 3], stride: [3, 4] },
  { H: 4, W: 4, C: 10, pool: [4, 4], stride: [4, 4] },
  { H: 9, W: 11, C: 37, pool: [9, 11], stride: [9, 11] }, // a whole image
  { H: 1, W: 1, C: 2, pool: [2, 2], stride: [2, 2], same: true },
];
const named = (p: Pool) =>
  `${p.H} x ${p.W} x ${p.C}, pool ${p.pool}, stride ${p.stride}${p.same ? ', same' : ''}${p.halo ? ', in halos' : ''}`;

const rows = 3;

const forward = (p: Pool, x: (length: number) => Float32Array = noise, wantIndex = 1): KernelCase<'maxpool'> => {
  const { window, inRow, inImage, outRow, outImage } = shape(p);
  return {
    title: `${named(p)}${wantIndex ? '' : ', without index'}`,
    rows,
    operands: {
      x: { data: x(rows * inImage), misalign: p.halo ? 4 : 0 },
      y: { data: zeros(rows * outImage), misalign: p.halo ? 8 : 0 },
      index: { data: new Uint8Array(rows * window.OH * window.OW * window.C), misalign: p.halo ? 1 : 0 },
    },
    ints: { ...window, xImage: inImage, xRow: inRow, yImage: outImage, yRow: outRow, wantIndex },
    writes: ['y', 'index'],
    tolerance: 0,
  };
};

/** Values with many ties, and special ones in every tenth place. */
const odd = (length: number) =>
  noise(length).map((x, i) => (i % 10 ? Math.round(2 * x) : [Number.NaN, Infinity, -Infinity, -0][(i / 10) % 4]!));
const negative = (length: number) => noise(length).map((x) => -2 - x);
const lowest = (length: number) => new Float32Array(length).fill(-Infinity);

kernelSuite('maxpool', [
  ...POOLS.map((p) => forward(p)),
  ...POOLS.slice(0, 12).map((p) => ({ ...forward(p, odd), title: `${named(p)}: ties, NaN and infinities` })),
  { ...forward(POOLS[5]!, negative), title: 'no positive value' },
  { ...forward(POOLS[6]!, lowest), title: 'nothing but -infinity' },
  forward(POOLS[5]!, noise, 0),
]);

const backward = (p: Pool, mask: number): KernelCase<'maxpool_backward'> => {
  const { window, inRow, inImage, outRow, outImage } = shape(p);
  const made = outputsOf('maxpool', forward(p, mask ? (n) => noise(n).map((x) => Math.max(0, x - 0.5)) : noise));
  return {
    title: `${named(p)}${mask ? ', masked' : ''}`,
    rows,
    operands: {
      dy: { data: noise(rows * outImage, 5), misalign: p.halo ? 8 : 0 },
      index: { data: made.get('index')! },
      y: { data: made.get('y')! },
      dx: { data: noise(rows * inImage, 6), misalign: p.halo ? 4 : 0 },
    },
    ints: {
      ...window,
      dyImage: outImage,
      dyRow: outRow,
      yImage: outImage,
      yRow: outRow,
      dxImage: inImage,
      dxRow: inRow,
      mask,
    } satisfies Ints<'maxpool_backward'>,
    writes: ['dx'],
    tolerance: 1e-7,
  };
};

kernelSuite('maxpool_backward', [...POOLS.map((p) => backward(p, 0)), ...POOLS.map((p) => backward(p, 1))]);

const anew = (p: Pool, x: (length: number) => Float32Array = noise): KernelCase<'maxpool_gradient'> => {
  const { window, inRow, inImage, outRow, outImage } = shape(p);
  return {
    title: named(p),
    rows,
    operands: {
      dy: { data: noise(rows * outImage, 5), misalign: p.halo ? 8 : 0 },
      x: { data: x(rows * inImage) },
      dx: { data: noise(rows * inImage, 6), misalign: p.halo ? 4 : 0 },
    },
    ints: { ...window, dyImage: outImage, dyRow: outRow, xImage: inImage, xRow: inRow, dxImage: inImage, dxRow: inRow },
    writes: ['dx'],
    tolerance: 1e-7,
  };
};

kernelSuite('maxpool_gradient', [
  ...POOLS.map((p) => anew(p)),
  ...POOLS.slice(0, 12).map((p) => ({ ...anew(p, odd), title: `${named(p)}: ties, NaN and infinities` })),
  { ...anew(POOLS[5]!, negative), title: 'no positive value' },
  anew({ H: 21, W: 20, C: 5, pool: [18, 17], stride: [2, 3] }), // more than 256 pixels in a window
]);

kernelSuite(
  'avgpool',
  POOLS.map((p) => {
    const { window, inRow, inImage, outRow, outImage } = shape(p);
    return {
      title: named(p),
      rows,
      operands: {
        x: { data: noise(rows * inImage), misalign: p.halo ? 4 : 0 },
        y: { data: zeros(rows * outImage), misalign: p.halo ? 8 : 0 },
      },
      ints: { ...window, xImage: inImage, xRow: inRow, yImage: outImage, yRow: outRow },
      writes: ['y'],
      tolerance: 2e-7,
    };
  }),
);

kernelSuite(
  'avgpool_backward',
  POOLS.map((p) => {
    const { window, inRow, inImage, outRow, outImage } = shape(p);
    return {
      title: named(p),
      rows,
      operands: {
        dy: { data: noise(rows * outImage), misalign: p.halo ? 4 : 0 },
        dx: { data: noise(rows * inImage, 2), misalign: p.halo ? 8 : 0 },
      },
      ints: { ...window, dyImage: outImage, dyRow: outRow, dxImage: inImage, dxRow: inRow },
      writes: ['dx'],
      tolerance: 2e-7,
    };
  }),
);

describe('max pooling', () => {
  it('passes on all gradient of windows without a positive value: sums of dy and dx agree within 1e-5', () => {
    const p = POOLS[5]!;
    const { window, inRow, inImage, outRow, outImage } = shape({ ...p, halo: 0 });
    const made = outputsOf('maxpool', forward({ ...p, halo: 0 }, negative));
    const dy = noise(rows * outImage).map(Math.abs);
    const dx = outputsOf('maxpool_backward', {
      ...backward({ ...p, halo: 0 }, 0),
      operands: {
        dy: { data: dy },
        index: { data: made.get('index')! },
        y: { data: made.get('y')! },
        dx: { data: zeros(rows * inImage) },
      },
      ints: {
        ...window,
        dyImage: outImage,
        dyRow: outRow,
        yImage: outImage,
        yRow: outRow,
        dxImage: inImage,
        dxRow: inRow,
        mask: 0,
      },
    }).get('dx')!;
    const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);
    assert.ok(Math.abs(sum(dx) / sum(dy) - 1) < 1e-5);
  });
});
