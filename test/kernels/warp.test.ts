// warp.test.ts: images read at other places, and the transforms that say where, against their twins.
import { type KernelCase, kernelSuite, noise, zeros } from '../cases/kernel.ts';

const [rows, H, W] = [2, 4, 5];
/** Turned, zoomed and shifted, in part far beyond the border. */
const transforms = Float32Array.of(0.8, -0.7, 1.3, 0.6, 0.9, -2.7, 0, 0, -1.7, 0.3, 11.1, 0.2, 1.9, -0.4, 0, 0);
const fills = [0, 1, 2, 3];

kernelSuite(
  'warp',
  [1, 3, 4, 17].flatMap((C) =>
    fills.flatMap((fill) =>
      [0, 1].map((nearest): KernelCase<'warp'> => {
        const [xRow, yRow] = [(W + 2) * C, (W + 1) * C];
        return {
          title: `${C} channels, fill ${fill}, ${nearest ? 'nearest' : 'between'}`,
          rows,
          operands: {
            x: { data: noise(rows * H * xRow, 1), misalign: 4 },
            transform: { data: transforms },
            outside: { data: noise(C + 4, 2) },
            y: { data: zeros(rows * H * yRow), misalign: 8 },
          },
          ints: { H, W, C, fill, nearest, xImage: H * xRow, xRow, yImage: H * yRow, yRow },
          writes: ['y'],
          tolerance: 1e-6,
        };
      }),
    ),
  ),
);

kernelSuite(
  'warp_backward',
  [1, 3, 4, 17].flatMap((C) =>
    fills.map((fill): KernelCase<'warp_backward'> => {
      const [dyRow, dxRow] = [(W + 2) * C, (W + 1) * C];
      return {
        title: `${C} channels, fill ${fill}`,
        rows,
        operands: {
          dy: { data: noise(rows * H * dyRow, 1), misalign: 4 },
          transform: { data: transforms },
          dx: { data: zeros(rows * H * dxRow), misalign: 8 },
        },
        ints: { H, W, C, fill, nearest: C === 3 ? 1 : 0, dyImage: H * dyRow, dyRow, dxImage: H * dxRow, dxRow },
        writes: ['dx'],
        tolerance: 1e-6,
      };
    }),
  ),
);

kernelSuite(
  'warp_transform',
  [1, 2, 3, 4, 8, 9, 16].map(
    (kind): KernelCase<'warp_transform'> => ({
      title: `kind ${kind}`,
      rows: 5,
      operands: {
        drawn: { data: noise(10, 3).map((v) => Math.abs(v)) },
        transform: { data: zeros(5 * 8) },
      },
      ints: { kind, H: 7, W: 4 },
      floats: { uLow: -0.9, uHigh: 1.1, vLow: 0.25, vHigh: 0.75 },
      writes: ['transform'],
      tolerance: 1e-6,
    }),
  ),
);
