// plan-finals.ts: which sums of a node stand before its last backward pass has ended, and after which call: they can leave already.
// Layers run backward from the last to the first, and each writes its own tensors. Pure bookkeeping.
import { type FlatRange, movingOf } from './contribution.ts';
import { FINALS } from './control.ts';
import type { Segment } from './model.ts';

/** After this call of the plan for the last bundle of a node, these elements of its sums stand. */
export interface Final {
  /** Its number in the plan. */
  readonly call: number;
  /** Of the compact vector of what moves, in order; they neither overlap nor touch. */
  readonly ranges: readonly FlatRange[];
}

/** What one layer has written, once it has run backward for the last time. */
export interface Written {
  /** Number of the last call so far. */
  readonly call: number;
  /** Full names of its tensors. */
  readonly paths: readonly string[];
}

/** Elements that are worth telling of: 256 KiB. Less than that leaves with what comes next. */
const LEAST = 2 ** 16;

/**
 * Gathers what layers have written into pieces of at least 256 KiB, as many as a program may have. What is written last is no piece:
 * it stands when everything does.
 */
export function finalsOf(segments: readonly Segment[], written: readonly Written[]): readonly Final[] {
  const places = new Map(movingOf(segments).map((segment) => [segment.path, segment]));
  const finals: Final[] = [];
  let ranges: FlatRange[] = [];
  for (const { call, paths } of written.slice(0, -1)) {
    for (const path of paths) {
      const { flat, length } = places.get(path)!;
      ranges.push({ from: flat, to: flat + length });
    }
    if (finals.length === FINALS || sizeOf(ranges) < LEAST) continue;
    finals.push({ call, ranges: joined(ranges) });
    ranges = [];
  }
  return finals;
}

/**
 * When they stand, as shares of the plan's floating-point operations: what a run that executes nothing takes them for.
 * @param calls of the whole plan, in order
 */
export function finalShares(
  finals: readonly Final[],
  calls: readonly { readonly flops: number }[],
): readonly { readonly share: number; readonly ranges: readonly FlatRange[] }[] {
  const work = (count: number): number => calls.slice(0, count).reduce((sum, { flops }) => sum + flops, 0);
  const all = work(calls.length);
  return all === 0 ? [] : finals.map(({ call, ranges }) => ({ share: work(call + 1) / all, ranges }));
}

const sizeOf = (ranges: readonly FlatRange[]): number => ranges.reduce((sum, { from, to }) => sum + to - from, 0);

/** Sorted; those that touch are one. */
function joined(ranges: readonly FlatRange[]): readonly FlatRange[] {
  const result: { from: number; to: number }[] = [];
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last?.to === from) last.to = to;
    else result.push({ from, to });
  }
  return result;
}
