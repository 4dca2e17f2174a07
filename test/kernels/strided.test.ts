// strided.test.ts: kernels that walk (A, B, L) by strides, pick and resample, against their twins.
import type { Ints } from '../../kernels/abi.ts';
import { type KernelCase, kernelSuite, noise, zeros } from '../cases/kernel.ts';

const LENGTHS = [1, 3, 4, 5, 8, 15, 16, 17, 33];
const [A, B] = [3, 2];
const rows = 2;
const SPECIAL = [Number.NaN, Infinity, -Infinity, 0, 1e-40];

kernelSuite('move', [
  ...LENGTHS.map((L): KernelCase<'move'> => {
    const [row, image] = [B * (L + 2) + 1, A * (B * (L + 2) + 1)];
    return {
      title: `rows of ${L} floats out of wider ones`,
      rows,
      operands: { x: { data: noise(rows * image), misalign: 4 }, y: { data: zeros(rows * A * B * L), misalign: 8 } },
      ints: {
        ...{ A, B, L, xImage: image, xA: row, xB: L + 2, xL: 1, yImage: A * B * L, yA: B * L, yB: L, yL: 1 },
      },
      writes: ['y'],
      tolerance: 0,
    };
  }),
  {
    title: 'axes in another order',
    rows,
    operands: { x: { data: noise(rows * 30) }, y: { data: zeros(rows * 30) } },
    ints: { A: 5, B: 2, L: 3, xImage: 30, xA: 1, xB: 15, xL: 5, yImage: 30, yA: 6, yB: 3, yL: 1 },
    writes: ['y'],
    tolerance: 0,
  },
  {
    title: 'one value again and again',
    rows,
    operands: { x: { data: noise(rows * 3) }, y: { data: zeros(rows * 30) } },
    ints: { A: 3, B: 2, L: 5, xImage: 3, xA: 1, xB: 0, xL: 0, yImage: 30, yA: 10, yB: 5, yL: 1 },
    writes: ['y'],
    tolerance: 0,
  },
]);

/** Strides of an operand that is broadcast along the axes whose letters are missing. */
function stridesOf(kept: string, L: number) {
  const l = kept.includes('L') ? L : 1;
  const b = kept.includes('B') ? B : 1;
  const a = kept.includes('A') ? A : 1;
  return { image: a * b * l, A: a > 1 ? b * l : 0, B: b > 1 ? l : 0, L: kept.includes('L') ? 1 : 0 };
}

const special = (length: number, seed = 1) => {
  const data = noise(length, seed);
  data.set(SPECIAL.slice(0, Math.min(length, 5)));
  return data;
};

function twoOperands(a: string, b: string, y: string, L: number, make: typeof noise = noise) {
  const [sa, sb, sy] = [stridesOf(a, L), stridesOf(b, L), stridesOf(y, L)];
  return {
    rows,
    operands: {
      a: { data: make(rows * sa.image, 1), misalign: 4 },
      b: { data: make(rows * sb.image, 2), misalign: 8 },
      y: { data: zeros(rows * sy.image), misalign: 4 },
    },
    ints: {
      ...{ A, B, L, aImage: sa.image, aA: sa.A, aB: sa.B, aL: sa.L, bImage: sb.image, bA: sb.A, bB: sb.B, bL: sb.L },
      ...{ yImage: sy.image, yA: sy.A, yB: sy.B },
    },
    writes: ['y' as const],
  };
}

kernelSuite('combine', [
  ...LENGTHS.flatMap((L) =>
    (
      [
        ['ABL', 'ABL'],
        ['ABL', 'L'],
        ['AB', 'ABL'],
        ['AL', 'B'],
        ['', 'ABL'],
        ['AB', 'A'],
      ] as const
    ).map(([a, b], i): KernelCase<'combine'> => {
      const { ints, ...rest } = twoOperands(a, b, 'ABL', L);
      return { title: `axes ${a} with ${b}, L ${L}`, ...rest, ints: { operation: (i + L) % 5, ...ints }, tolerance: 0 };
    }),
  ),
  ...[0, 1, 2, 3, 4].map((operation): KernelCase<'combine'> => {
    const { ints, ...rest } = twoOperands('ABL', 'ABL', 'ABL', 19, special);
    return { title: `operation ${operation} of special values`, ...rest, ints: { operation, ...ints }, tolerance: 0 };
  }),
]);

kernelSuite(
  'sum_product',
  LENGTHS.flatMap((L) =>
    [1, 2, 3, 4, 5, 6, 7].flatMap((over) =>
      (
        [
          ['ABL', 'ABL'],
          ['ABL', ''],
          ['AB', 'BL'],
        ] as const
      ).map(([a, b]): KernelCase<'sum_product'> => {
        const kept = [...'ABL'].filter((_, axis) => !(over & (1 << axis))).join('');
        const { ints, ...rest } = twoOperands(a, b, kept, L);
        return { title: `axes ${a} with ${b} over ${over}, L ${L}`, ...rest, ints: { over, ...ints }, tolerance: 2e-6 };
      }),
    ),
  ),
);

kernelSuite(
  'pick',
  LENGTHS.flatMap((L) =>
    [0, 1].map((others): KernelCase<'pick'> => {
      const operand = (seed: number) => ({
        data: noise(rows * 3 * (L + 1), seed).map((v) => Math.round(v)),
        misalign: 4,
      });
      const row = L + 1;
      const ints: Ints<'pick'> = {
        ...{ H: 3, L, others, dyImage: 3 * row, dyRow: row, xImage: 3 * row, xRow: row },
        ...{ yImage: 3 * row, yRow: row, dxImage: 3 * row, dxRow: row },
      };
      const operands = {
        dy: operand(1),
        x: operand(2),
        y: operand(3),
        dx: { data: zeros(rows * 3 * row), misalign: 8 },
      };
      return { title: `L ${L}, others ${others}`, rows, operands, ints, writes: ['dx'], tolerance: 0 };
    }),
  ),
);

kernelSuite(
  'resample',
  [1, 3, 4, 7, 8, 9, 17].map((C): KernelCase<'resample'> => {
    /** Taps of a table: line i has `counts[i]` of them, `step` bytes apart. */
    const lines = (counts: readonly number[], step: number) => {
      const starts = Uint32Array.from([0, ...counts.map((_, i) => counts.slice(0, i + 1).reduce((a, b) => a + b))]);
      const taps = new Uint32Array(2 * starts.at(-1)!);
      const weights = noise(taps.length, C);
      new Float32Array(taps.buffer).set(weights);
      for (let i = 0; i < taps.length; i += 2) taps[i] = step * ((i * 3) % 4);
      return { starts, taps };
    };
    const [down, across] = [lines([1, 0, 3, 2], 4 * 4 * C), lines([2, 2, 1], 4 * C)];
    return {
      title: `${C} channels, lines of no, one and several taps`,
      rows,
      operands: {
        x: { data: noise(rows * 16 * C), misalign: 4 },
        y: { data: zeros(rows * 4 * (3 * C + 1)), misalign: 8 },
        rows: { data: down.starts },
        rowTaps: { data: down.taps },
        columns: { data: across.starts },
        columnTaps: { data: across.taps },
      },
      ints: { OH: 4, OW: 3, C, xImage: 16 * C, yImage: 4 * (3 * C + 1), yRow: 3 * C + 1 },
      writes: ['y'],
      tolerance: 1e-6,
    };
  }),
);
