// batch.test.ts: batch normalization: moments of blocks of pixels, what they come to, and the normalising, forward and backward.
import { type KernelCase, kernelSuite, noise, zeros } from '../cases/kernel.ts';

const CHANNELS = [1, 3, 4, 5, 8, 15, 16, 17, 33];
const padded = (C: number): number => 16 * Math.ceil(C / 16);
const BLOCK = 128;
const blocksOf = (pixels: number): number => Math.ceil(pixels / BLOCK);

interface Shape {
  readonly rows: number;
  readonly H: number;
  readonly W: number;
  readonly C: number;
  /** Floats between rows, and between images, that belong to neither. */
  readonly gap?: number;
}

const SHAPES: readonly Shape[] = [
  ...CHANNELS.map((C) => ({ rows: 3, H: 2, W: 5, C, gap: 3 })),
  { rows: 5, H: 1, W: 1, C: 20 },
  { rows: 3, H: 10, W: 13, C: 6, gap: 12 }, // rows and images end inside blocks
  { rows: 2, H: 16, W: 16, C: 7 }, // one long run, whole blocks
  { rows: 7, H: 30, W: 23, C: 5, gap: 1 }, // more blocks than are added in a row
];
const titleOf = ({ rows, H, W, C, gap = 0 }: Shape): string =>
  `${rows} images of ${H} x ${W} x ${C}${gap > 0 ? ' with borders' : ''}`;
const pixelsIn = ({ rows, H, W }: Shape): number => rows * H * W;

/** Strides of one tensor of that shape, and how many floats it takes. */
function layout({ rows, H, W, C, gap = 0 }: Shape, more = 0): { image: number; row: number; length: number } {
  const row = W * C + (gap > 0 ? gap + more : 0);
  const image = H * row + (gap > 0 ? 2 * gap : 0);
  return { image, row, length: rows * image };
}
const dimensions = ({ H, W, C }: Shape) => ({ H, W, C });
/** Values with a mean far from zero. */
const values = (length: number, seed: number) => noise(length, seed).map((v) => 3 + v);
const norm = (C: number) => ({ data: noise(4 * padded(C), 3).map((v) => v + 1.5) });

const moments = (shape: Shape): KernelCase<'batch_moments'> => {
  const { image, row, length } = layout(shape);
  const partial = zeros(2 * padded(shape.C) * blocksOf(pixelsIn(shape)));
  return {
    title: titleOf(shape),
    rows: shape.rows,
    operands: { x: { data: values(length, 1), misalign: 4 }, partial: { data: partial } },
    ints: { ...dimensions(shape), xImage: image, xRow: row },
    writes: ['partial'],
    tolerance: 3e-6,
  };
};
kernelSuite('batch_moments', SHAPES.map(moments));

/** Partial sums as blocks would leave them: squares are no less than zero. */
const partials = (shape: Shape) => {
  const { C } = shape;
  return Float32Array.from(noise(2 * padded(C) * blocksOf(pixelsIn(shape)), 4), (v, i) =>
    Math.floor(i / padded(C)) % 2 === 0 ? 200 * v : 100 * Math.abs(v),
  );
};
const ladderOf = (C: number, siblings: number) => Array.from({ length: siblings }, (_, i) => noise(C, 10 + i));

const statistics = (shape: Shape, has: 0 | 1, siblings: number): KernelCase<'batch_statistics'> => {
  const { C } = shape;
  return {
    title: `${titleOf(shape)}, ${siblings} siblings${has ? '' : ', neither gamma nor beta'}`,
    rows: shape.rows,
    operands: {
      partial: { data: partials(shape) },
      gamma: { data: noise(C, 5), misalign: 4 },
      beta: { data: noise(C, 6), misalign: 8 },
      norm: { data: zeros(4 * padded(C)) },
      meanSum: { data: zeros(C), ladder: ladderOf(C, siblings) },
      varianceSum: { data: zeros(C), ladder: ladderOf(C, siblings) },
    },
    ints: { ...dimensions(shape), hasGamma: has, hasBeta: has },
    floats: { epsilon: 1e-3 },
    writes: ['norm', 'meanSum', 'varianceSum'],
    tolerance: 2e-6,
  };
};
kernelSuite('batch_statistics', [
  ...SHAPES.map((shape) => statistics(shape, 1, 0)),
  statistics(SHAPES[3]!, 0, 2),
  statistics(SHAPES[8]!, 1, 3),
]);

kernelSuite(
  'batch_inference',
  CHANNELS.flatMap((C) =>
    ([1, 0] as const).map(
      (has): KernelCase<'batch_inference'> => ({
        title: `${C} channels${has ? '' : ', neither gamma nor beta'}`,
        rows: 1,
        operands: {
          mean: { data: noise(C, 1), misalign: 4 },
          variance: { data: noise(C, 2).map(Math.abs), misalign: 4 },
          gamma: { data: noise(C, 5), misalign: 4 },
          beta: { data: noise(C, 6), misalign: 8 },
          norm: { data: zeros(4 * padded(C)) },
        },
        ints: { C, hasGamma: has, hasBeta: has },
        floats: { epsilon: 1e-3 },
        writes: ['norm'],
        tolerance: 3e-7,
      }),
    ),
  ),
);

const normalize = (shape: Shape, relu: 0 | 1): KernelCase<'batch_normalize'> => {
  const [x, y] = [layout(shape), layout(shape, 2)];
  return {
    title: `${titleOf(shape)}${relu ? ', relu' : ''}`,
    rows: shape.rows,
    operands: {
      x: { data: noise(x.length, 1), misalign: 4 },
      norm: norm(shape.C),
      y: { data: zeros(y.length), misalign: 8 },
    },
    ints: { ...dimensions(shape), xImage: x.image, xRow: x.row, yImage: y.image, yRow: y.row, relu },
    writes: ['y'],
    tolerance: 2e-7,
  };
};
const broken = (c: KernelCase<'batch_normalize'>): KernelCase<'batch_normalize'> => {
  c.operands.x.data.set([Number.NaN, Infinity, -Infinity]);
  return { ...c, title: `NaN and infinities, ${c.title}` };
};
kernelSuite('batch_normalize', [
  ...SHAPES.flatMap((shape) => [normalize(shape, 0), normalize(shape, 1)]),
  broken(normalize(SHAPES[2]!, 1)),
]);

const backward = (shape: Shape, relu: 0 | 1): KernelCase<'batch_moments_backward'> => {
  const [dy, x] = [layout(shape, 1), layout(shape)];
  return {
    title: `${titleOf(shape)}${relu ? ', relu' : ''}`,
    rows: shape.rows,
    operands: {
      dy: { data: noise(dy.length, 2), misalign: 8 },
      x: { data: noise(x.length, 1), misalign: 4 },
      norm: norm(shape.C),
      partial: { data: zeros(2 * padded(shape.C) * blocksOf(pixelsIn(shape))) },
    },
    ints: { ...dimensions(shape), dyImage: dy.image, dyRow: dy.row, xImage: x.image, xRow: x.row, relu },
    writes: ['partial'],
    tolerance: 2e-6,
  };
};
kernelSuite(
  'batch_moments_backward',
  SHAPES.flatMap((shape) => [backward(shape, 0), backward(shape, 1)]),
);

const gradients = (shape: Shape, has: 0 | 1, siblings: number): KernelCase<'batch_statistics_backward'> => {
  const { C } = shape;
  return {
    title: `${titleOf(shape)}, ${siblings} siblings${has ? '' : ', neither gamma nor beta'}`,
    rows: shape.rows,
    operands: {
      partial: { data: partials(shape) },
      norm: norm(C),
      factors: { data: zeros(2 * padded(C)) },
      dGamma: { data: zeros(C), ladder: ladderOf(C, siblings) },
      dBeta: { data: zeros(C), ladder: ladderOf(C, siblings) },
    },
    ints: { ...dimensions(shape), hasGamma: has, hasBeta: has },
    writes: has ? ['factors', 'dGamma', 'dBeta'] : ['factors'],
    tolerance: 2e-6,
  };
};
kernelSuite('batch_statistics_backward', [
  ...SHAPES.map((shape) => gradients(shape, 1, 0)),
  gradients(SHAPES[3]!, 0, 2),
  gradients(SHAPES[8]!, 1, 3),
]);

const last = (shape: Shape, relu: 0 | 1): KernelCase<'batch_normalize_backward'> => {
  const [dy, x, dx] = [layout(shape, 1), layout(shape), layout(shape, 2)];
  return {
    title: `${titleOf(shape)}${relu ? ', relu' : ''}`,
    rows: shape.rows,
    operands: {
      dy: { data: noise(dy.length, 2), misalign: 8 },
      x: { data: noise(x.length, 1), misalign: 4 },
      norm: norm(shape.C),
      factors: { data: noise(2 * padded(shape.C), 7) },
      dx: { data: zeros(dx.length), misalign: 12 },
    },
    ints: {
      ...dimensions(shape),
      ...{ dyImage: dy.image, dyRow: dy.row, xImage: x.image, xRow: x.row, dxImage: dx.image, dxRow: dx.row, relu },
    },
    writes: ['dx'],
    tolerance: 3e-7,
  };
};
kernelSuite(
  'batch_normalize_backward',
  SHAPES.flatMap((shape) => [last(shape, 0), last(shape, 1)]),
);
