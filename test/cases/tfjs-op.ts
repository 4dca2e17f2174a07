// tfjs-op.ts: random calls of each op of trainer/tfjs-wasm, and the suite that it passes: ours beside float64 and tfjs' `cpu` backend.
import assert from 'node:assert/strict';
import { backend_util } from '@tensorflow/tfjs';
import { relativeError } from '../support/compare.ts';
import {
  type Conv,
  einsum,
  filterGradient,
  inputGradient,
  poolGradient,
  segmentSum,
  type Values,
} from '../support/tfjs-references.ts';
import { type Dtype, type Given, type Result, runKernel, useBackend } from '../support/tfjs-wasm.ts';

export interface OpCase {
  readonly inputs: Readonly<Record<string, Given>> | readonly Given[];
  readonly attrs: object;
  readonly shape: readonly number[];
  readonly expected: Float64Array;
  /** tfjs' `cpu` backend is wrong or fails there, and why. */
  readonly noCpu?: string;
}

/** Numbers of a stated generator (mulberry32). */
class Draw {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  /** From low to high, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }
  pick<T>(...choices: readonly T[]): T {
    return choices[this.int(0, choices.length - 1)]!;
  }
  values(shape: readonly number[], dtype: Dtype = 'float32'): Given & { readonly values: number[] } {
    const length = shape.reduce((product, n) => product * n, 1);
    const one = {
      float32: () => Math.fround(2 * this.unit() - 1),
      int32: () => this.int(-9, 9),
      bool: () => this.int(0, 1),
    };
    return { shape, dtype, values: Array.from({ length }, one[dtype]) };
  }
}

type Format = 'NHWC' | 'NCHW';
type Four = [number, number, number, number];

/** Sizes of windows over images, with every kind of padding. A twentieth has no images. */
function windows(draw: Draw, most: number) {
  const images = draw.int(0, 19) === 0 ? 0 : draw.int(1, 3);
  const kernel = [draw.int(1, most), draw.int(1, most)] as [number, number];
  const strides = draw.pick([1, 1], [2, 2], [draw.int(1, 4), draw.int(1, 4)]) as [number, number];
  const size = [draw.int(kernel[0], 11), draw.int(kernel[1], 11)] as [number, number];
  const pad = draw.pick<'valid' | 'same' | number>('valid', 'same', 'same', draw.int(0, 2));
  return { images, kernel, strides, size, pad, dimRoundingMode: pad === 0 ? draw.pick('floor', 'ceil') : undefined };
}

const shapeOf = (images: number, [h, w]: readonly [number, number], channels: number, format: Format): Four =>
  format === 'NHWC' ? [images, h, w, channels] : [images, channels, h, w];

function convolution(draw: Draw): Drawn {
  const w = windows(draw, 4);
  const format: Format = draw.pick('NHWC', 'NHWC', 'NCHW');
  const [channels, filters] = [draw.pick(1, 3, draw.int(1, 20)), draw.pick(1, 16, draw.int(1, 37))];
  const explicit: [[number, number], [number, number], [number, number], [number, number]] = [
    [0, 0],
    [1, 0],
    [0, 2],
    [0, 0],
  ];
  const pad =
    draw.int(0, 4) === 0
      ? format === 'NHWC'
        ? explicit
        : [explicit[0], explicit[3], explicit[1], explicit[2]]
      : w.pad;
  const filterShape: Four = [...w.kernel, channels, filters];
  const inputShape = shapeOf(w.images, w.size, channels, format);
  const attrs = {
    strides: w.strides,
    pad,
    dataFormat: format,
    dimRoundingMode: typeof pad === 'number' ? w.dimRoundingMode : undefined,
  };
  const layout = backend_util.convertConv2DDataFormat(format);
  const info = backend_util.computeConv2DInfo(
    inputShape,
    filterShape,
    w.strides,
    1,
    pad as never,
    attrs.dimRoundingMode as never,
    false,
    layout,
  );
  if (info.outHeight < 1 || info.outWidth < 1) return convolution(draw); // as below
  const conv: Conv = {
    ...{ images: w.images, size: w.size, out: [info.outHeight, info.outWidth], channels, filters, groups: 1 },
    ...{ kernel: w.kernel, strides: w.strides, dilations: [1, 1], before: [info.padInfo.top, info.padInfo.left] },
    first: format === 'NCHW',
  };
  return { conv, attrs, filterShape, inputShape, outShape: info.outShape };
}

function depthwise(draw: Draw): Drawn {
  const w = windows(draw, 4);
  const dilations = draw.pick([1, 1], [1, 1], [draw.int(1, 3), draw.int(1, 3)]) as [number, number];
  const dilated = dilations.some((d) => d > 1);
  const strides: [number, number] = dilated ? [1, 1] : w.strides;
  const size = w.size.map((n, i) => Math.max(n, (w.kernel[i]! - 1) * dilations[i]! + 1)) as [number, number];
  const [channels, multiplier] = [draw.pick(1, 8, draw.int(1, 37)), draw.pick(1, 1, draw.int(1, 3))];
  const filterShape: Four = [...w.kernel, channels, multiplier];
  const inputShape = shapeOf(w.images, size, channels, 'NHWC');
  const attrs = { strides, dilations, pad: w.pad, dimRoundingMode: w.dimRoundingMode };
  const info = backend_util.computeConv2DInfo(
    inputShape,
    filterShape,
    strides,
    dilations,
    w.pad,
    w.dimRoundingMode as never,
    true,
  );
  // padding by a number: tfjs takes the filter's height for its width too, and may find no room
  if (info.outHeight < 1 || info.outWidth < 1) return depthwise(draw);
  const conv: Conv = {
    ...{
      images: w.images,
      size,
      out: [info.outHeight, info.outWidth],
      channels,
      filters: channels * multiplier,
      groups: channels,
    },
    ...{ kernel: w.kernel, strides, dilations, before: [info.padInfo.top, info.padInfo.left], first: false },
  };
  return {
    conv,
    attrs,
    filterShape,
    inputShape,
    outShape: info.outShape,
    ...(dilated ? { noCpu: 'it does not dilate' } : {}),
  };
}

interface Drawn extends Pick<OpCase, 'noCpu'> {
  readonly conv: Conv;
  readonly attrs: object;
  readonly filterShape: Four;
  readonly inputShape: Four;
  readonly outShape: readonly number[];
}
const reason = ({ noCpu }: Drawn) => (noCpu ? { noCpu } : {});

function ofFilter(draw: Draw, drawn: Drawn): OpCase {
  const dtype = draw.int(0, 14) === 0 ? 'int32' : 'float32';
  const [x, dy] = [draw.values(drawn.inputShape, dtype), draw.values(drawn.outShape)];
  const { attrs, filterShape } = drawn;
  const expected = filterGradient(drawn.conv, x.values, dy.values);
  return { inputs: { x, dy }, attrs: { ...attrs, filterShape }, shape: filterShape, expected, ...reason(drawn) };
}

function ofInput(draw: Draw, drawn: Drawn): OpCase {
  const [dy, filter] = [draw.values(drawn.outShape), draw.values(drawn.filterShape)];
  const { attrs, inputShape } = drawn;
  const expected = inputGradient(drawn.conv, dy.values, filter.values);
  return { inputs: { dy, filter }, attrs: { ...attrs, inputShape }, shape: inputShape, expected, ...reason(drawn) };
}

const EQUATIONS = [
  ...[
    'i->',
    'i->i',
    'ij->ji',
    'ij->j',
    'ijk->ki',
    'bij->b',
    ',->',
    'i,->i',
    'i,i->',
    'i,j->ij',
    'ij,j->i',
    'ij,jk->ik',
  ],
  ...[
    'ij,jk->ki',
    'bi,bi->b',
    'bij,bjk->bik',
    'adc,abc->adb',
    'abcd,cde->abe',
    'aecd,abcd->acbe',
    'acbe,aecd->abcd',
    'ij,ik->i',
  ],
  ...['abc,cd->abd', 'abc,cde->abde', 'abcd,cde->abe', 'ijk,jkl->il', 'ab,bc->', 'abc,bad->dc'],
];

/** tfjs' `cpu` backend leaves an axis unsummed that one tensor alone has. */
const UNSUMMED = ['ij,ik->i', 'ab,bc->'];

export const OPS: Readonly<Record<string, (draw: Draw) => OpCase>> = {
  Conv2DBackpropFilter: (draw) => ofFilter(draw, convolution(draw)),
  Conv2DBackpropInput: (draw) => ofInput(draw, convolution(draw)),
  DepthwiseConv2dNativeBackpropFilter: (draw) => ofFilter(draw, depthwise(draw)),
  DepthwiseConv2dNativeBackpropInput: (draw) => ofInput(draw, depthwise(draw)),
  MaxPoolGrad(draw) {
    const { images, kernel, strides, size, pad, dimRoundingMode } = windows(draw, 5);
    const channels = draw.pick(1, 4, 16, draw.int(1, 37));
    const shape = shapeOf(images, size, channels, 'NHWC');
    const attrs = { filterSize: kernel, strides, pad, dimRoundingMode };
    const info = backend_util.computePool2DInfo(shape, kernel, strides, 1, pad, dimRoundingMode as never);
    // many ties; or no positive value at all
    const [scale, shift] = draw.pick([1, 0], [1, -3], [3, 0]) as [number, number];
    const values = draw.values(shape).values.map((v) => Math.fround(scale === 3 ? Math.round(scale * v) : v + shift));
    const input = { shape, values };
    const dy = draw.values(info.outShape);
    const before = [info.padInfo.top, info.padInfo.left] as const;
    const out = [info.outHeight, info.outWidth] as const;
    const conv = { images, size, out, channels, kernel, strides, dilations: [1, 1] as const, before };
    return { inputs: { dy, input, output: dy }, attrs, shape, expected: poolGradient(conv, dy.values, values) };
  },
  UnsortedSegmentSum(draw) {
    const dtype = draw.pick<Dtype>('float32', 'float32', 'float32', 'int32', 'bool');
    const rest = draw.pick([], [draw.int(1, 40)], [draw.int(1, 5), draw.int(1, 9)]) as number[];
    const rows = draw.int(1, 60);
    const numSegments = draw.int(1, 30);
    const x = draw.values([rows, ...rest], dtype);
    const values = Array.from({ length: rows }, () => draw.int(-2, numSegments + 1)); // some name no segment
    const width = rest.reduce((product, n) => product * n, 1);
    const expected = segmentSum(x.values, values, numSegments, width);
    const inputs = { x, segmentIds: { shape: [rows], values, dtype: 'int32' as const } };
    return { inputs, attrs: { numSegments }, shape: [numSegments, ...rest], expected };
  },
  Einsum(draw) {
    const equation = draw.pick(...EQUATIONS);
    const [terms, output] = equation.split('->') as [string, string];
    const sizes = new Map([...new Set(terms.replace(',', ''))].map((label) => [label, draw.int(1, 6)]));
    const dtype = draw.pick<Dtype>('float32', 'float32', 'float32', 'int32');
    const inputs = terms.split(',').map((term) =>
      draw.values(
        [...term].map((label) => sizes.get(label)!),
        dtype,
      ),
    );
    const expected = einsum(
      equation,
      sizes,
      inputs.map(({ values }): Values => values),
    );
    return {
      inputs,
      attrs: { equation },
      shape: [...output].map((label) => sizes.get(label)!),
      expected,
      ...(UNSUMMED.includes(equation) ? { noCpu: 'it does not sum an axis of one tensor alone' } : {}),
    };
  },
};

/** Largest error norm over the expected values' norm. A single sum of f32 may lose a digit where its terms cancel. */
export const TOLERANCE = 1e-5;

function check(who: string, result: Result, { shape, expected, attrs }: OpCase): void {
  const about = `${who}: ${JSON.stringify({ shape, attrs })}`;
  assert.deepEqual(result.shape, shape, about);
  assert.ok(relativeError(result.values, expected) <= TOLERANCE, `${about}: ${relativeError(result.values, expected)}`);
}

/** Random call `seed` of an op, by the `wasm` backend. @throws AssertionError where it differs from float64 */
export async function checkCase(op: string, seed: number): Promise<void> {
  const drawn = OPS[op]!(new Draw(seed));
  await useBackend('wasm');
  check(`${op} ${seed}`, runKernel(op, drawn.inputs, drawn.attrs), drawn);
}

/** The same by tfjs' `cpu` backend beside ours, also in the dtype. @returns why not, where there is nothing to compare */
export async function compareWithCpu(op: string, seed: number): Promise<string | undefined> {
  const drawn = OPS[op]!(new Draw(seed));
  if (drawn.noCpu) return drawn.noCpu;
  await useBackend('wasm');
  const ours = runKernel(op, drawn.inputs, drawn.attrs);
  await useBackend('cpu');
  const theirs = runKernel(op, drawn.inputs, drawn.attrs);
  check(`${op} ${seed} on cpu`, ours, { ...drawn, expected: Float64Array.from(theirs.values) });
  assert.equal(ours.dtype, theirs.dtype, `${op} ${seed}`);
  return undefined;
}
