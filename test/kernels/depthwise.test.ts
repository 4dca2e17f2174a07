// depthwise.test.ts: depthwise and depthwise_dw against their twins. Against the definition: the suite of layers.
import { forwardCall, type Geometry, shapesOf, weightCall } from '../cases/convolution.ts';
import { type KernelCase, kernelSuite, noise } from '../cases/kernel.ts';

const of = (C: number, more: Partial<Geometry> = {}): Geometry => ({
  ...{ images: 2, H: 7, W: 9, kernel: 3, pad: 1, ...more },
  ...{ C, N: C, groups: C },
});
/** Channels around every vector and block, more pixels than a tile, more taps than a tile. */
const geometries: readonly Geometry[] = [
  ...[1, 3, 4, 7, 8, 9, 16, 17, 40].map((C) => of(C)),
  of(5, { H: 11, W: 11, pad: 0 }),
  of(12, { images: 1, H: 12, W: 14, stride: 2, kernel: 5, pad: 2 }),
  of(6, { dilation: 2, pad: 2 }),
  of(10, { images: 1, kernel: 7, pad: 3 }),
  of(3, { images: 1, H: 3, W: 140 }),
];
const title = (g: Geometry) =>
  `${g.images} x ${g.H}x${g.W}x${g.C}, kernel ${g.kernel}, stride ${g.stride ?? 1}, dilation ${g.dilation ?? 1}`;

kernelSuite(
  'depthwise',
  geometries.map((g, i): KernelCase<'depthwise'> => {
    const s = shapesOf(g);
    const { xTable, yTable, ints } = forwardCall(s);
    const taps = weightCall(s).rowTable;
    return {
      title: title(g),
      rows: s.images,
      operands: {
        x: { data: noise(s.images * s.Hp * s.Wp * s.C, 1), misalign: 4 },
        w: { data: noise(taps.length * s.C, 2), misalign: 8 },
        bias: { data: noise(s.C, 3), misalign: 4 },
        y: { data: noise(s.images * s.OH * s.OW * s.C, 4), misalign: 8 },
        xTable: { data: xTable },
        yTable: { data: yTable },
        xTaps: { data: taps },
        wTaps: { data: taps.map((_, tap) => 4 * tap * s.C) },
      },
      ints: {
        ...{ pixels: ints.pixels, taps: taps.length, C: s.C, xImage: ints.xImage, yImage: ints.yImage },
        ...{ hasBias: i % 2, activation: i % 3 === 0 ? 1 : 0 },
      },
      writes: ['y'],
      tolerance: 1e-6,
    };
  }),
);

kernelSuite(
  'depthwise_dw',
  geometries.map((g, i): KernelCase<'depthwise_dw'> => {
    const s = shapesOf(g);
    const { rowTable, ints } = weightCall(s);
    const size = rowTable.length * s.C;
    const { H, W, xStep, xRow, xImage, dyStep, dyRow, dyImage } = ints;
    return {
      title: `${title(g)}, ladder of ${i % 4}`,
      rows: s.images,
      operands: {
        x: { data: noise(s.images * s.Hp * s.Wp * s.C, 1), misalign: 4 },
        dy: { data: noise(s.images * s.OH * s.OW * s.C, 2), misalign: 8 },
        out: { data: noise(size, 3), ladder: Array.from({ length: i % 4 }, (_, sibling) => noise(size, 4 + sibling)) },
        rowTable: { data: rowTable },
      },
      ints: { R: rowTable.length, C: s.C, H, W, xStep, xRow, xImage, dyStep, dyRow, dyImage },
      writes: ['out'],
      tolerance: 1e-6,
    };
  }),
);
