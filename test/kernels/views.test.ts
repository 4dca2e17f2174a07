// views.test.ts: kernels that map views to a view, element by element. Their formulas over dense ranges: math.test.ts.
import type { Ints } from '../../kernels/abi.ts';
import type { KernelName } from '../../kernels/signatures.ts';
import { type KernelCase, kernelSuite, noise, zeros } from '../cases/kernel.ts';

/** Row lengths below, at and above every vector and unrolled block. */
const LENGTHS = [1, 3, 4, 5, 15, 16, 17, 33];
const SPECIAL = [Number.NaN, Infinity, -Infinity, 0, -0, 1e-40, 3e38, -3e38];

interface Map {
  readonly inputs: readonly string[];
  readonly out: string;
  readonly tolerance: number;
  readonly floats: object;
}

/** Cases of a map: compact rows of each length, then rows in halos at unaligned addresses, special values, a run in place. */
function mapCases({ inputs, out, tolerance, floats }: Map): KernelCase<'copy'>[] {
  const make = (title: string, rows: number, H: number, L: number, halo: number, misalign: number, special = false) => {
    const row = L + halo;
    const image = row * (H + (halo ? 1 : 0));
    const operands: Record<string, { data: Float32Array; misalign: number }> = {};
    const strides: Record<string, number> = {};
    for (const [i, name] of [...inputs, out].entries()) {
      const data = name === out ? zeros(rows * image) : noise(rows * image, i + 1).map((x) => 4 * x);
      if (special && name !== out) data.set(SPECIAL.slice(0, data.length), i);
      operands[name] = { data, misalign: misalign && misalign + 4 * i };
      Object.assign(strides, { [`${name}Image`]: image, [`${name}Row`]: row });
    }
    const ints = { H, L, ...strides };
    return { title, rows, operands, ints, floats, writes: [out], tolerance } as unknown as KernelCase<'copy'>;
  };
  return [
    ...LENGTHS.map((L) => make(`2 images of 1 row of ${L} floats`, 2, 1, L, 0, 0)),
    ...LENGTHS.map((L) => make(`2 images of 3 rows of ${L} floats in halos, unaligned`, 2, 3, L, 3, 4)),
    make('5 images of 3 compact rows of 7 floats', 5, 3, 7, 0, 8),
    make('NaN, infinities, zeros and denormals', 1, 1, 19, 0, 0, true),
  ];
}

/** Declares the suite of a kernel that is a map. */
const mapSuite = (kernel: KernelName, inputs: readonly string[], out: string, tolerance: number, floats: object = {}) =>
  kernelSuite(kernel, mapCases({ inputs, out, tolerance, floats }) as unknown as KernelCase<typeof kernel>[]);

mapSuite('copy', ['x'], 'y', 0);
mapSuite('add', ['a', 'b'], 'y', 0);

/** Largest relative error of each activation, which value its gradient reads, and numbers of its own. */
const ACTIVATIONS = {
  elu: [3e-7, 'y', { alpha: 0.75, scale: 1.25 }],
  exponential: [3e-7, 'y', {}],
  gelu: [1e-6, 'x', {}],
  gelu_approximate: [2e-6, 'x', {}],
  hard_sigmoid: [2e-7, 'y', {}],
  hard_silu: [2e-7, 'x', {}],
  mish: [5e-7, 'x', {}],
  rectify: [2e-7, 'x', { slope: 0.25, threshold: 0.5, max: 2 }],
  relu: [0, 'y', {}],
  sigmoid: [3e-7, 'y', {}],
  silu: [5e-7, 'x', {}],
  softplus: [3e-7, 'x', {}],
  softsign: [2e-7, 'y', {}],
  tanh: [3e-7, 'y', {}],
} as const;
for (const [kernel, [tolerance, from, floats]] of Object.entries(ACTIVATIONS)) {
  mapSuite(kernel as KernelName, ['x'], 'y', tolerance, floats);
  mapSuite(`${kernel}_backward` as KernelName, ['dy', from], 'dx', tolerance, floats);
}

const PRELU = [1, 3, 4, 5, 16, 33].map((C) => ({ C, rows: 3, m: 17, size: 51 * C }));
kernelSuite(
  'prelu',
  PRELU.map(({ C, rows, m, size }) => ({
    title: `${rows} x ${m} rows of ${C}`,
    rows,
    operands: {
      x: { data: noise(size, 1), misalign: 4 },
      alpha: { data: noise(C, 2) },
      y: { data: zeros(size), misalign: 8 },
    },
    ints: { m, C },
    writes: ['y'],
    tolerance: 0,
  })),
);
kernelSuite(
  'prelu_backward',
  PRELU.map(({ C, rows, m, size }) => ({
    title: `${rows} x ${m} rows of ${C}`,
    rows,
    operands: {
      dy: { data: noise(size, 3), misalign: 12 },
      x: { data: noise(size, 1), misalign: 4 },
      alpha: { data: noise(C, 2) },
      dx: { data: zeros(size), misalign: 8 },
      t: { data: zeros(size) },
    },
    ints: { m, C },
    writes: ['dx', 't'],
    tolerance: 0,
  })),
);

/** Ints of an input kernel: compact samples into a halo of 2 floats a row. */
const inputInts = (H: number, L: number): Ints<'input_u8'> => ({
  H,
  L,
  xImage: H * L,
  xRow: L,
  yImage: H * (L + 2),
  yRow: L + 2,
});

kernelSuite(
  'input_u8',
  LENGTHS.map((L) => ({
    title: `3 images of 2 rows of ${L} bytes into a halo, unaligned`,
    rows: 3,
    operands: {
      x: { data: Uint8Array.from({ length: 6 * L }, (_, i) => (i * 37) % 256), misalign: 1 },
      y: { data: zeros(6 * (L + 2)), misalign: 4 },
      scale: { data: noise(L, 2), misalign: 8 },
      shift: { data: noise(L, 3), misalign: 12 },
    },
    ints: inputInts(2, L),
    writes: ['y'],
    tolerance: 1e-7,
  })),
);

kernelSuite(
  'input_f32',
  LENGTHS.map((L) => ({
    title: `3 images of 2 rows of ${L} floats into a halo, unaligned`,
    rows: 3,
    operands: {
      x: { data: noise(6 * L).map((x, i) => (i === 2 ? Number.NaN : x)), misalign: 12 },
      y: { data: zeros(6 * (L + 2)), misalign: 4 },
      scale: { data: noise(L, 2), misalign: 8 },
      shift: { data: noise(L, 3), misalign: 12 },
    },
    ints: inputInts(2, L),
    writes: ['y'],
    tolerance: 1e-7,
  })),
);

kernelSuite(
  'input_i32',
  LENGTHS.map((L) => ({
    title: `3 images of 2 rows of ${L} whole numbers into a halo, unaligned`,
    rows: 3,
    operands: {
      x: { data: Int32Array.from({ length: 6 * L }, (_, i) => ((i * 997) % 5001) - 2500), misalign: 12 },
      y: { data: zeros(6 * (L + 2)), misalign: 4 },
      scale: { data: noise(L, 2), misalign: 8 },
      shift: { data: noise(L, 3), misalign: 12 },
    },
    ints: inputInts(2, L),
    writes: ['y'],
    tolerance: 1e-7,
  })),
);

kernelSuite(
  'clear_halo',
  [
    { H: 3, L: 5, top: 1, bottom: 1, left: 2, right: 2 },
    { H: 1, L: 1, top: 1, bottom: 2, left: 3, right: 1 },
    { H: 2, L: 33, top: 0, bottom: 0, left: 0, right: 3 },
    { H: 2, L: 4, top: 2, bottom: 0, left: 5, right: 0 },
    { H: 2, L: 4, top: 0, bottom: 0, left: 0, right: 0 },
  ].map((view) => {
    const row = view.left + view.L + view.right;
    const image = (view.top + view.H + view.bottom) * row;
    return {
      title: `2 images with a halo of ${JSON.stringify(view)}`,
      rows: 2,
      operands: { y: { data: noise(2 * image), misalign: 4, origin: 4 * (view.top * row + view.left) } },
      ints: { ...view, yImage: image, yRow: row },
      writes: ['y' as const],
      tolerance: 0,
    };
  }),
);
