// call-lists.ts: kernel calls over tensors in lists that follow one another: for all blocks, or for those of one range. Which calls:
// update-program.ts.
import type { TileRange } from './encode.ts';
import { PlanBuilder, type PlanCall, Tables } from './plan-builder.ts';
import type { Range } from './ranges.ts';

/** A call over one tensor, and which of the program's segments that is. */
export interface OwnCall {
  readonly segment: number;
  readonly call: PlanCall;
  /** It covers the tensor, which then has one owner; else its tiles are the blocks that ranges are cut at. */
  readonly whole: boolean;
}

/**
 * The calls of a list run in order on each block, and on different blocks at once; the next list waits for all of them. Slots may be
 * updated in place: no call reads an element of `slots` that one before it left in `nextSlots`.
 */
export type Lists<T> = readonly (readonly T[])[];

/** Kernels whose tiles are not the blocks of ranges: they need a tensor whole. */
const OF_TENSORS: ReadonlySet<string> = new Set(['limit_norm']);

export const own = (segment: number, make: (build: PlanBuilder) => void, path = ''): readonly OwnCall[] =>
  callsOf(make, path).map((call) => ({ segment, call, whole: OF_TENSORS.has(call.arguments.kernel) }));

export function callsOf(make: (build: PlanBuilder) => void, path = ''): readonly PlanCall[] {
  const build = new PlanBuilder(0, new Tables());
  build.pass = 'apply';
  build.layer = path;
  make(build);
  return build.finish().calls;
}

/** A place among a step's scalars and norms. */
export const step = (at: number) => ({ space: 'step', at }) as const;

/** Lists as one program: whoever runs it waits where a new list begins. */
export function inOrder(lists: Lists<PlanCall>): readonly PlanCall[] {
  return lists.flatMap((list, n) => list.map((call, i) => (n > 0 && i === 0 ? { ...call, barrier: true } : call)));
}

/** The same of the tiles that belong to one range, beside them. */
export function ofRange(
  lists: Lists<OwnCall>,
  range: Range,
): { calls: readonly PlanCall[]; tiles: readonly (TileRange | null)[]; segments: readonly number[] } {
  const within = lists.map((list) => list.filter(({ segment }) => range[segment]!.from < range[segment]!.to));
  return {
    calls: inOrder(within.map((list) => list.map(({ call }) => call))),
    tiles: within.flat().map(({ segment, whole }) => (whole ? null : range[segment]!)),
    segments: within.flat().map(({ segment }) => segment),
  };
}

export const plain = (lists: Lists<OwnCall>): readonly PlanCall[] => lists.flat().map(({ call }) => call);
