// in-place.ts: which buffers of a plan may be one: where a call's result may lie over what it reads, and nobody reads that any more.
import { type KernelName, signatures } from '../kernels/signatures.ts';
import type { Given } from './plan-builder.ts';

/** What is looked at of a call. */
export interface Step {
  readonly kernel: KernelName;
  readonly operands: Readonly<Record<string, Given>>;
  readonly ints: Readonly<Record<string, number>>;
  readonly barrier: boolean;
}

/** A buffer in use from moment `first` to moment `last`, both included. */
export interface Use {
  readonly bytes: number;
  first: number;
  last: number;
}

/** Of each kernel that reads an element before it writes the same one, and nothing else of it: what may lie in one place. */
function pairsOf(kernel: KernelName): readonly (readonly [from: string, to: string])[] {
  const { operands, ints } = signatures[kernel] as { operands: readonly string[]; ints: readonly string[] };
  const overViews = ints[0] === 'H' && ints[1] === 'L';
  if (overViews && operands.join() === 'x,y') return [['x', 'y']];
  if (kernel === 'add')
    return [
      ['a', 'y'],
      ['b', 'y'],
    ];
  if (kernel === 'batch_normalize') return [['x', 'y']];
  if (kernel === 'batch_normalize_backward') return [['dy', 'dx']];
  return [];
}

/** The moment of each call: those with no barrier between them may run at once, and share one. */
export function momentsOf(steps: readonly Pick<Step, 'barrier'>[]): readonly number[] {
  let moment = 0;
  return steps.map(({ barrier }) => (barrier ? ++moment : moment));
}

/** Uses of each buffer; one that no call names has none (last < 0). */
export function usesOf(steps: readonly Step[], bytes: readonly number[]): Use[] {
  const uses = bytes.map((size): Use => ({ bytes: size, first: Number.POSITIVE_INFINITY, last: -1 }));
  const moments = momentsOf(steps);
  steps.forEach(({ operands }, i) => {
    for (const operand of Object.values(operands)) {
      if (!('buffer' in operand)) continue;
      const use = uses[operand.buffer]!;
      use.first = Math.min(use.first, moments[i]!);
      use.last = Math.max(use.last, moments[i]!);
    }
  });
  return uses;
}

/**
 * For each buffer the one in whose place it lies: its own, or one that ends where it begins. `uses` come out as those of the places.
 */
export function shareBuffers(steps: readonly Step[], uses: Use[]): readonly number[] {
  const moments = momentsOf(steps);
  const place = uses.map((_, i) => i);
  const placeOf = (buffer: number): number => (place[buffer] === buffer ? buffer : placeOf(place[buffer]!));
  const begun = beginnings(steps, moments, uses);
  const zeros = zerosAround(steps, uses);
  const atOnce = new Map<number, number[]>(); // calls by moment
  for (const [i, moment] of moments.entries()) atOnce.set(moment, [...(atOnce.get(moment) ?? []), i]);
  /** Whether another call of the same moment names one of both. */
  const disturbed = (call: number, a: number, b: number): boolean =>
    atOnce
      .get(moments[call]!)!
      .some(
        (other) =>
          other !== call &&
          Object.values(steps[other]!.operands).some(
            (o) => 'buffer' in o && (placeOf(o.buffer) === a || o.buffer === b),
          ) &&
          !(steps[other]!.kernel === 'clear_halo'),
      );
  steps.forEach((step, i) => {
    for (const [from, to] of pairsOf(step.kernel)) {
      const [x, y] = [step.operands[from]!, step.operands[to]!];
      if (!('buffer' in x && 'buffer' in y) || x.at !== y.at) continue;
      if (!['Image', 'Row'].every((stride) => step.ints[`${from}${stride}`] === step.ints[`${to}${stride}`])) continue;
      const [a, b] = [placeOf(x.buffer), y.buffer];
      if (a === b || placeOf(b) !== b) continue;
      const [before, after] = [uses[a]!, uses[b]!];
      if (before.last !== moments[i] || begun[b] !== moments[i] || before.bytes !== after.bytes) continue;
      if (disturbed(i, a, b)) continue;
      // zeros around the result are written early: around what is read there must be the same ones already
      if (zeros[b] !== undefined && zeros[a] !== zeros[b]) continue;
      place[b] = a;
      zeros[a] = zeros[b];
      before.last = after.last;
      before.first = Math.min(before.first, after.first);
      after.last = -1;
      return;
    }
  });
  return place.map((_, i) => placeOf(i));
}

/** When each buffer is first written but for the zeros around it: those may come early, the place of `x` has the same. */
function beginnings(steps: readonly Step[], moments: readonly number[], uses: readonly Use[]): readonly number[] {
  const begun = uses.map(() => Number.POSITIVE_INFINITY);
  steps.forEach(({ kernel, operands }, i) => {
    if (kernel === 'clear_halo') return;
    for (const o of Object.values(operands))
      if ('buffer' in o) begun[o.buffer] = Math.min(begun[o.buffer]!, moments[i]!);
  });
  return begun;
}

/** What is cleared around the values of each buffer. */
function zerosAround(steps: readonly Step[], uses: readonly Use[]): (string | undefined)[] {
  const zeros = uses.map((): string | undefined => undefined);
  for (const { kernel, operands, ints } of steps) {
    const { y } = operands;
    if (kernel === 'clear_halo' && y && 'buffer' in y) zeros[y.buffer] = JSON.stringify([y.at, ints]);
  }
  return zeros;
}
