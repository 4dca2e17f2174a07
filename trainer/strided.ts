// strided.ts: calls of the kernels that walk an image by strides (move, combine, sum_product), for tensors of any rank. It knows no layer.
import { elements } from './model.ts';
import type { Given, PlanBuilder } from './plan-builder.ts';
import { hasHalo, type Tensor } from './tensor.ts';

/** An operand: where float `floats` of it lies, and its strides in floats: from image to image, and one an axis. */
export interface View {
  at(floats: number): Given;
  readonly image: number;
  readonly strides: readonly number[];
}

/** Strides of a tensor's axes. */
export function stridesOf({ shape, halo, rowStride }: Tensor): readonly number[] {
  if (hasHalo(halo)) return [rowStride, shape[2]!, 1];
  return shape.map((_, i) => elements(shape.slice(i + 1)));
}

/** A tensor's elements, or those from `first` on, with other strides. */
export const viewed = (build: PlanBuilder, t: Tensor, strides = stridesOf(t), first = 0): View => ({
  at: (floats) => build.at(t, first + floats),
  image: t.imageStride,
  strides,
});

/** A tensor as if it had `shape`, to which it is broadcast as numpy does. */
export function spread(build: PlanBuilder, t: Tensor, shape: readonly number[]): View {
  const missing = shape.length - t.shape.length;
  const own = stridesOf(t);
  return viewed(
    build,
    t,
    shape.map((n, i) => (i < missing || (t.shape[i - missing] === 1 && n > 1) ? 0 : own[i - missing]!)),
  );
}

/** One value everywhere. */
export function constant(build: PlanBuilder, value: number, rank: number): View {
  const table = build.tables.add(Float32Array.of(value));
  return { at: () => table, image: 0, strides: new Array(rank).fill(0) };
}

/** One call: the axes A, B and L that are walked, for each operand its strides along them and its first float. */
interface Walk {
  readonly axes: readonly { readonly size: number; readonly strides: readonly number[] }[];
  readonly first: readonly number[];
}

/**
 * Axes joined where all operands allow it; those beyond three become one call for each of their places.
 * @param contiguous the kernel takes innermost strides of 0 and 1 only: an axis of one element is added where others remain
 */
function walks(shape: readonly number[], views: readonly View[], contiguous = false): readonly Walk[] {
  const axes: { size: number; strides: number[] }[] = [];
  shape.forEach((size, i) => {
    if (size === 1) return;
    const strides = views.map((view) => view.strides[i]!);
    const outer = axes.at(-1);
    if (outer?.strides.every((stride, k) => stride === strides[k]! * size)) {
      outer.size *= size;
      outer.strides = strides;
    } else axes.push({ size, strides });
  });
  if (contiguous && axes.at(-1)?.strides.some((stride) => stride > 1))
    axes.push({ size: 1, strides: views.map(() => 1) });
  while (axes.length < 3) axes.unshift({ size: 1, strides: views.map(() => 0) });
  // an innermost axis of one element: contiguous in all operands
  if (axes[2]!.size === 1) axes[2]!.strides = views.map(() => 1);
  let first: (readonly number[])[] = [views.map(() => 0)];
  while (axes.length > 3) {
    const { size, strides } = axes.shift()!;
    first = first.flatMap((at) =>
      Array.from({ length: size }, (_, i) => at.map((floats, k) => floats + i * strides[k]!)),
    );
  }
  return first.map((at) => ({ axes, first: at }));
}

const sizesOf = ({ axes: [A, B, L] }: Walk) => ({ A: A!.size, B: B!.size, L: L!.size });

/** y = x, for every place of `shape`. */
export function move(build: PlanBuilder, shape: readonly number[], x: View, y: View, independent = false): void {
  walks(shape, [x, y]).forEach((walk, i) => {
    const [[xA, yA], [xB, yB], [xL, yL]] = walk.axes.map((axis) => axis.strides) as [number, number][];
    build.call(
      'move',
      { x: x.at(walk.first[0]!), y: y.at(walk.first[1]!) },
      { ...sizesOf(walk), xImage: x.image, xA: xA!, xB: xB!, xL: xL!, yImage: y.image, yA: yA!, yB: yB!, yL: yL! },
      {},
      { independent: independent || i > 0 },
    );
  });
}

type Row = [a: number, b: number, y: number];
const twoOperands = (walk: Walk, a: View, b: View, y: View) => {
  const [[aA, bA, yA], [aB, bB, yB], [aL, bL]] = walk.axes.map((axis) => axis.strides) as [Row, Row, Row];
  const [aFirst, bFirst, yFirst] = walk.first as Row;
  return {
    operands: { a: a.at(aFirst), b: b.at(bFirst), y: y.at(yFirst) },
    ints: {
      ...sizesOf(walk),
      ...{ aImage: a.image, aA, aB, aL, bImage: b.image, bA, bB, bL, yImage: y.image, yA, yB },
    },
  };
};

export const OPERATIONS = { add: 0, subtract: 1, multiply: 2, maximum: 3, minimum: 4 } as const;
export type Operation = keyof typeof OPERATIONS;

/** y = a op b for every place of `shape`. y is not broadcast, and may be a or b. */
export function combine(
  build: PlanBuilder,
  operation: Operation,
  shape: readonly number[],
  a: View,
  b: View,
  y: View,
): void {
  walks(shape, [a, b, y], true).forEach((walk, i) => {
    const { operands, ints } = twoOperands(walk, a, b, y);
    build.call('combine', operands, { operation: OPERATIONS[operation], ...ints }, {}, { independent: i > 0 });
  });
}

/**
 * y = sum of a * b over the axes of `shape` along which y has stride 0.
 * @throws Error when such axes remain beyond the three that one call walks: then the caller's layer must refuse the shape
 */
export function sumProduct(build: PlanBuilder, shape: readonly number[], a: View, b: View, y: View): void {
  const all = walks(shape, [a, b, y], true);
  if (new Set(all.map((walk) => walk.first[2])).size < all.length)
    throw new Error(`sums over too many axes of ${shape}`);
  all.forEach((walk, i) => {
    const { operands, ints } = twoOperands(walk, a, b, y);
    const over = walk.axes.reduce(
      (bits, { size, strides }, axis) => bits + (size > 1 && strides[2] === 0 ? 1 << axis : 0),
      0,
    );
    build.call('sum_product', operands, { over, ...ints }, {}, { independent: i > 0 });
  });
}

/** to = a * b, summed over the axes of `shape` along which `to` is broadcast: a gradient's way back. */
export function productInto(build: PlanBuilder, shape: readonly number[], a: View, b: View, to: View): void {
  const sums = to.strides.some((stride, i) => stride === 0 && shape[i]! > 1);
  if (sums) sumProduct(build, shape, a, b, to);
  else combine(build, 'multiply', shape, a, b, to);
}
