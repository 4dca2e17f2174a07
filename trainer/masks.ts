// masks.ts: which places of a sequence hold something, as tensors of a plan: (places) f32, 1 or 0. Who makes and who heeds them: layers/.
import type { Given, PlanBuilder } from './plan-builder.ts';
import { combine, spread, viewed } from './strided.ts';
import type { Tensor } from './tensor.ts';

/** 1 where any of a place's values differs from `value`. x (places, L) */
export function maskOf(build: PlanBuilder, x: Tensor, places: number, value: number): Tensor {
  const mask = build.tensor([places]);
  const L = x.imageStride / places;
  build.call('mask_places', { x: build.at(x), mask: build.at(mask) }, { m: places, L }, { value });
  return mask;
}

/** Where all of the masks that there are let a place pass; null where there is none. */
export function bothMasks(build: PlanBuilder, masks: readonly (Tensor | null)[]): Tensor | null {
  const [first, ...others] = [...new Set(masks.filter((mask) => mask !== null))];
  return others.reduce((a, b) => timesMask(build, a!, b, build.tensor(b.shape)), first ?? null);
}

/** Where any of the masks lets a place pass, as Keras 3's merging layers have it; null where one of the merged has none. */
export function anyMask(build: PlanBuilder, masks: readonly (Tensor | null)[]): Tensor | null {
  if (masks.includes(null)) return null;
  const [first, ...others] = [...new Set(masks as readonly Tensor[])];
  const either = (a: Tensor, b: Tensor): Tensor => {
    const shape = [Math.max(a.shape[0]!, b.shape[0]!)];
    const y = build.tensor(shape);
    combine(build, 'maximum', shape, spread(build, a, shape), spread(build, b, shape), viewed(build, y));
    return y;
  };
  return others.reduce((a, b) => either(a!, b), first ?? null);
}

/** y = x (places, L) times the mask of each place. All are compact. */
export function timesMask(build: PlanBuilder, x: Tensor, mask: Tensor, y: Tensor): Tensor {
  const [places] = mask.shape as [number];
  const L = x.imageStride / places;
  const each = { aImage: x.imageStride, aA: 0, aB: L, aL: 1, bImage: places, bA: 0, bB: 1, bL: 0 };
  const operands: Record<'a' | 'b' | 'y', Given> = { a: build.at(x), b: build.at(mask), y: build.at(y) };
  const sizes = { operation: 2, A: 1, B: places, L, yImage: x.imageStride, yA: 0, yB: L };
  build.call('combine', operands, { ...sizes, ...each }, {});
  return y;
}
