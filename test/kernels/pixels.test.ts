// pixels.test.ts: kernels on images of bytes against their twins: the same bytes, to the last one.
import { type KernelCase, kernelSuite, noise } from '../cases/kernel.ts';

const bytes = (length: number, seed: number): Uint8Array =>
  Uint8Array.from(noise(length, seed), (value) => Math.floor(128 * (value + 1)));
const exact = { rows: 1, tolerance: 0 } as const;

/** Bounds and weights of sums of 1 to `most` pixels of `size`; weights up to twice the whole, and below none. */
function tablesOf(count: number, size: number, most: number) {
  const bounds = Uint32Array.from({ length: 2 * count }, (_, i) => {
    const taps = 1 + ((i >> 1) % most);
    return i % 2 === 0 ? (5 * (i >> 1)) % (size - taps + 1) : taps;
  });
  const weights = Int32Array.from(noise(count * most, 9), (value) => Math.round(value * 2 ** 21) + 2 ** 21);
  return { bounds: { data: bounds }, weights: { data: weights } };
}

const sizes = [
  { H: 3, W: 5, C: 3 },
  { H: 9, W: 13, C: 3 },
  { H: 4, W: 17, C: 1 },
  { H: 3, W: 11, C: 4 },
  { H: 2, W: 7, C: 6 },
];
const title = ({ H, W, C }: (typeof sizes)[number]) => `${H} x ${W} of ${C}`;

kernelSuite(
  'pixels_across',
  sizes.map((size): KernelCase<'pixels_across'> => {
    const { H, W, C } = size;
    const [N, most, xRow] = [9, 4, (W + 2) * C];
    return {
      ...exact,
      title: title(size),
      operands: {
        x: { data: bytes(H * xRow, 1), misalign: 3 },
        ...tablesOf(N, W, most),
        y: { data: new Uint8Array(H * N * C), misalign: 1 },
      },
      ints: { H, N, C, most, xRow },
      writes: ['y'],
    };
  }),
);
kernelSuite(
  'pixels_down',
  sizes.map((size): KernelCase<'pixels_down'> => {
    const [rows, L, most] = [6, size.W * size.C, 2];
    return {
      ...exact,
      title: title(size),
      operands: {
        x: { data: bytes(size.H * L, 2), misalign: 3 },
        ...tablesOf(rows, size.H, most),
        y: { data: new Uint8Array(rows * L), misalign: 1 },
      },
      ints: { H: rows, L, most },
      writes: ['y'],
    };
  }),
);
kernelSuite(
  'pixels_warp',
  sizes.flatMap((size) =>
    [0, 1].map((nearest): KernelCase<'pixels_warp'> => {
      const { H, W, C } = size;
      return {
        ...exact,
        title: `${title(size)}, ${nearest ? 'nearest' : 'between'}`,
        operands: {
          x: { data: bytes(H * W * C, 3), misalign: 3 },
          matrix: { data: Int32Array.of(52000, -31000, 90000, 30001, 57003, -130000) },
          outside: { data: Uint8Array.of(7, 8, 9, 10, 11, 12) },
          y: { data: new Uint8Array(H * W * C), misalign: 1 },
        },
        ints: { H, W, C, nearest },
        writes: ['y'],
      };
    }),
  ),
);
kernelSuite(
  'pixels_lookup',
  sizes.map((size): KernelCase<'pixels_lookup'> => {
    const { H, W, C } = size;
    return {
      ...exact,
      title: title(size),
      operands: {
        x: { data: bytes(H * W * C, 4), misalign: 3 },
        table: { data: bytes(256 * C, 5) },
        y: { data: new Uint8Array(H * W * C), misalign: 1 },
      },
      ints: { H, W, C },
      writes: ['y'],
    };
  }),
);
kernelSuite(
  'pixels_histogram',
  sizes.map((size): KernelCase<'pixels_histogram'> => {
    const { H, W, C } = size;
    return {
      ...exact,
      title: title(size),
      operands: {
        x: { data: bytes(H * W * C, 4).map((value) => value & 0xf3), misalign: 3 },
        counts: { data: new Uint32Array(256 * C).fill(3) },
      },
      ints: { H, W, C },
      writes: ['counts'],
    };
  }),
);
kernelSuite(
  'pixels_moments',
  [...sizes, { H: 1, W: 103, C: 3 }, { H: 256, W: 256, C: 1 }, { H: 256, W: 256, C: 3 }].map(
    (size): KernelCase<'pixels_moments'> => {
      const { H, W, C } = size;
      const length = H * W * C;
      const largest = H * W === 2 ** 16; // as many of the greatest byte as the sums have room for
      return {
        ...exact,
        title: title(size),
        operands: {
          x: { data: largest ? new Uint8Array(length).fill(255) : bytes(length, 4), misalign: 3 },
          sums: { data: new Uint32Array(C).fill(3) },
          squares: { data: new Uint32Array(C).fill(3) },
        },
        ints: { H, W, C },
        writes: ['sums', 'squares'],
      };
    },
  ),
);
kernelSuite(
  'pixels_mix',
  [0, 1, 30000, 65536, 130001].map((share): KernelCase<'pixels_mix'> => {
    const [H, L] = [3, 37];
    return {
      ...exact,
      title: `a share of ${share}`,
      operands: {
        a: { data: bytes(H * L, 6), misalign: 3 },
        b: { data: bytes(H * L, 7), misalign: 5 },
        y: { data: new Uint8Array(H * L), misalign: 1 },
      },
      ints: { H, L, share },
      writes: ['y'],
    };
  }),
);

/** Among them grey ones, and such whose two channels are the greatest. */
const colours = (count: number): Uint8Array => {
  const all = bytes(3 * count, 8);
  all.set([9, 9, 9, 0, 0, 0, 255, 255, 255, 200, 200, 3, 200, 3, 200, 3, 200, 200, 255, 0, 0, 0, 255, 0, 0, 0, 255]);
  return all;
};
const coloured = (H: number, W: number) => ({
  operands: { x: { data: colours(H * W), misalign: 3 }, y: { data: new Uint8Array(3 * H * W), misalign: 1 } },
  writes: ['y'] as const,
});
kernelSuite('pixels_grey', [
  { ...exact, title: '3 x 7', ...coloured(3, 7), ints: { H: 3, W: 7 } },
  { ...exact, title: '4 x 4', ...coloured(4, 4), ints: { H: 4, W: 4 } },
]);
kernelSuite(
  'pixels_hue',
  [0, 1, 10923, 32768, 65535].map((turn): KernelCase<'pixels_hue'> => {
    return { ...exact, title: `a turn of ${turn}`, ...coloured(5, 9), ints: { H: 5, W: 9, turn } };
  }),
);
kernelSuite(
  'pixels_smooth',
  [...sizes, { H: 1, W: 1, C: 3 }, { H: 6, W: 2, C: 1 }].map((size): KernelCase<'pixels_smooth'> => {
    const { H, W, C } = size;
    return {
      ...exact,
      title: title(size),
      operands: { x: { data: bytes(H * W * C, 4), misalign: 3 }, y: { data: new Uint8Array(H * W * C), misalign: 1 } },
      ints: { H, W, C },
      writes: ['y'],
    };
  }),
);
