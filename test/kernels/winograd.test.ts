// winograd.test.ts: pack_winograd, winograd and winograd_dw against their twins, and all three directions against the definition of a convolution.
import assert from 'node:assert/strict';
import { eachProduct, haloOf, shapesOf, withHalo } from '../cases/convolution.ts';
import { type KernelCase, kernelSuite, noise, outputsOf, relativeError, zeros } from '../cases/kernel.ts';

const up = (n: number, to: number) => Math.ceil(n / to) * to;
const tapsOf = (C: number, N: number) => Uint32Array.from({ length: 9 }, (_, tap) => 4 * tap * C * N);

kernelSuite(
  'pack_winograd',
  [
    [1, 1, 0],
    [64, 16, 0],
    [70, 33, 0],
    [65, 20, 1],
    [3, 17, 1],
  ].map(([K, N, transposed]): KernelCase<'pack_winograd'> => {
    const ld = transposed ? K! : N!;
    return {
      title: `K ${K}, N ${N}${transposed ? ', transposed' : ''}`,
      rows: 1,
      operands: {
        source: { data: noise(9 * K! * N!, 1), misalign: 4 },
        taps: { data: tapsOf(K!, N!) },
        packed: { data: noise(16 * K! * up(N!, 16), 2) },
      },
      ints: { K: K!, N: N!, ld, transposed: transposed! },
      writes: ['packed'],
      tolerance: 1e-7,
    };
  }),
);

/** x stands with one more row and column where the image is odd; H and W are those of the results. */
const shapes = [
  { images: 1, H: 1, W: 1, C: 1, N: 1, block: 6 },
  { images: 2, H: 4, W: 5, C: 17, N: 31, block: 7 },
  { images: 3, H: 5, W: 7, C: 32, N: 48, block: 24 },
  { images: 1, H: 8, W: 3, C: 65, N: 80, block: 5 },
  { images: 2, H: 2, W: 3, C: 400, N: 20, block: 2 },
  { images: 1, H: 2, W: 2, C: 8, N: 150, block: 1 },
] as const;

const sizes = ({ images, H, W, C, N }: (typeof shapes)[number]) => {
  const rows = up(H, 2) + 2;
  const columns = up(W, 2) + 2;
  return { x: images * rows * columns * C, xRow: columns * C, xImage: rows * columns * C, y: images * H * W * N };
};

kernelSuite(
  'winograd',
  [...shapes, shapes[1]].map((s, i): KernelCase<'winograd'> => {
    const { images, H, W, C, N, block } = s;
    const { x: length, xRow, xImage, y } = sizes(s);
    const poison = i === shapes.length;
    const x = noise(length, 1);
    if (poison) {
      x[3] = Number.NaN;
      x[700] = Number.POSITIVE_INFINITY;
    }
    return {
      title: `${images} x ${H}x${W}, ${C} -> ${N}, blocks of ${block}${poison ? ', NaN and infinity through relu' : ''}`,
      rows: images,
      operands: {
        x: { data: x, misalign: 4 },
        packed: { data: noise(16 * C * up(N, 16), 2) },
        bias: { data: noise(N, 3), misalign: 4 },
        y: { data: noise(y, 4), misalign: 8 },
      },
      ints: {
        ...{ H, W, C, N, block, xRow, xImage, yRow: W * N, yImage: H * W * N },
        ...{ hasBias: i % 2, activation: i % 3 === 0 || poison ? 1 : 0 },
      },
      writes: ['y'],
      tolerance: 4e-6,
    };
  }),
);

kernelSuite(
  'winograd_dw',
  shapes.map((s, i): KernelCase<'winograd_dw'> => {
    const { images, H, W, C, N } = s;
    const { x, xRow, xImage } = sizes(s);
    const dy = withHalo(noise(images * H * W * N, 2), images, H, W, N, 1);
    return {
      title: `${images} x ${H}x${W}, ${C} -> ${N}, ladder of ${i % 4}`,
      rows: images,
      operands: {
        x: { data: noise(x, 1), misalign: 4 },
        dy: { data: dy, misalign: 8, origin: 4 * N * (W + 3) },
        out: {
          data: noise(9 * C * N, 3),
          ladder: Array.from({ length: i % 4 }, (_, sibling) => noise(9 * C * N, 4 + sibling)),
        },
      },
      ints: { H, W, C, N, xRow, xImage, dyRow: (W + 2) * N, dyImage: (H + 2) * (W + 2) * N, ldo: N },
      writes: ['out'],
      tolerance: 4e-6,
    };
  }),
);

describe("convolution by Winograd's F(2x2, 3x3)", () => {
  const common = { title: '', writes: [], tolerance: 0 } as const;

  /** y (images, H, W, N) = images with a halo of `halo`, read from `shift` pixels inside it, * w. */
  function convolve(
    x: Float32Array,
    w: Float32Array,
    o: {
      images: number;
      H: number;
      W: number;
      C: number;
      N: number;
      Hp: number;
      Wp: number;
      shift: number;
      turned: boolean;
    },
  ): Float32Array {
    const { images, H, W, C, N, Hp, Wp, shift, turned } = o;
    const forward = tapsOf(...((turned ? [N, C] : [C, N]) as [number, number]));
    const packing = {
      ...common,
      rows: 1,
      operands: {
        source: { data: w },
        taps: { data: turned ? forward.reverse() : forward },
        packed: { data: zeros(16 * C * up(N, 16)) },
      },
      ints: { K: C, N, ld: turned ? C : N, transposed: turned ? 1 : 0 },
    };
    const packed = outputsOf('pack_winograd', packing).get('packed') as Float32Array;
    const call = {
      ...common,
      rows: images,
      operands: {
        x: { data: x, origin: 4 * C * shift * (Wp + 1) },
        packed: { data: packed },
        bias: { data: zeros(N) },
        y: { data: zeros(images * H * W * N) },
      },
      ints: {
        ...{ H, W, C, N, block: 12, xRow: Wp * C, xImage: Hp * Wp * C, yRow: W * N, yImage: H * W * N },
        ...{ hasBias: 0, activation: 0 },
      },
    };
    return outputsOf('winograd', call).get('y') as Float32Array;
  }

  for (const [images, H, W, C, N, pad] of [
    [2, 9, 11, 20, 33, 1],
    [1, 13, 13, 32, 64, 0],
    [3, 7, 6, 17, 16, 0],
  ] as const)
    it(`gives y, dX and dW of ${images} x ${H}x${W}, ${C} -> ${N}, pad ${pad} within 1e-6 of the definition`, () => {
      const s = shapesOf({ images, H, W, C, N, kernel: 3, pad });
      const x = noise(images * H * W * C, 1);
      const w = noise(9 * C * N, 2);
      const dy = noise(images * s.OH * s.OW * N, 3);
      const y = new Float64Array(dy.length);
      const dx = new Float64Array(x.length);
      const dw = new Float64Array(w.length);
      eachProduct(s, (i, j, k) => {
        y[j]! += x[i]! * w[k]!;
        dx[i]! += dy[j]! * w[k]!;
        dw[k]! += x[i]! * dy[j]!;
      });
      const halo = haloOf(s);
      const around = withHalo(x, images, H, W, C, halo);
      const wide = { Hp: H + 2 * halo, Wp: W + 2 * halo };
      const forward = { images, H: s.OH, W: s.OW, C, N, ...wide, shift: halo - pad, turned: false };
      assert.ok(relativeError(convolve(around, w, forward), y) <= 1e-6, 'y');

      const dyAround = withHalo(dy, images, s.OH, s.OW, N, halo);
      const dyWide = { Hp: s.OH + 2 * halo, Wp: s.OW + 2 * halo };
      const backward = { images, H, W, C: N, N: C, ...dyWide, shift: halo + pad - 2, turned: true };
      assert.ok(relativeError(convolve(dyAround, w, backward), dx) <= 1e-6, 'dX');

      const call = {
        ...common,
        rows: images,
        operands: {
          x: { data: around, origin: 4 * C * (halo - pad) * (wide.Wp + 1) },
          dy: { data: dyAround, origin: 4 * N * halo * (dyWide.Wp + 1) },
          out: { data: zeros(9 * C * N), ladder: [] },
        },
        ints: {
          ...{ H: s.OH, W: s.OW, C, N, xRow: wide.Wp * C, xImage: wide.Hp * wide.Wp * C, ldo: N },
          ...{ dyRow: dyWide.Wp * N, dyImage: dyWide.Hp * dyWide.Wp * N },
        },
      };
      assert.ok(relativeError(outputsOf('winograd_dw', call).get('out') as Float32Array, dw) <= 1e-6, 'dW');
    });
});
