// plan-runner.ts: runs plans on this thread, in a memory of its own, with the reference kernels or the built ones. Not fast.
import type { Seed } from '../../base/random.ts';
import {
  BINDING,
  countTiles,
  type KernelEntry,
  SCRATCH_BYTES,
  SPACES,
  type Space,
  viewsOf,
} from '../../kernels/abi.ts';
import { createArena } from '../../kernels/arena.ts';
import { instantiate, loadKernels } from '../../kernels/load.ts';
import { referenceKernels } from '../../kernels/reference.ts';
import { CALL_WORDS } from '../../trainer/control.ts';
import { encodeCalls, encodedBytes } from '../../trainer/encode.ts';
import type { Mode, Program } from '../../trainer/plan.ts';
import type { PlanCall } from '../../trainer/plan-builder.ts';

export type KernelKind = 'reference' | 'wasm';

export interface Run {
  readonly mode: Mode;
  readonly rows: number;
  /** Place in the global batch of the first row. */
  readonly slot: number;
  readonly step: number;
}

/** Runs one call's tiles from `from` to `to`. */
export type RunCall = (call: PlanCall, from: number, to: number) => void;
/** Runs all calls of a plan: by default each whole, in order. */
export type Order = (calls: readonly PlanCall[], rows: number, runCall: RunCall) => void;

const inOrder: Order = (calls, rows, runCall) => {
  for (const call of calls) runCall(call, 0, countTiles(call.tiles, rows));
};

export function createPlanRunner(program: Program, seed: Seed, kind: KernelKind) {
  const { plans, packs } = program;
  const lists = [plans.train.calls, plans.evaluate.calls, plans.predict.calls, packs];
  const sizes: Partial<Record<Space, number>> = {
    arena: Math.max(...Object.values(plans).map((plan) => plan.arenaBytes)),
    parameters: program.contribution.scalarsAt,
    packed: program.packedBytes,
    tables: program.tables.bytes,
    input: program.input.leafBytes,
    contribution: program.contribution.bytes,
    scratch: SCRATCH_BYTES,
  };
  const bytes = Object.values(sizes).reduce((sum, size) => sum + size + 1024, 4096);
  const arena = createArena(lists.reduce((sum, calls) => sum + encodedBytes(calls), bytes));
  const { views } = arena;
  const at = Object.fromEntries(Object.entries(sizes).map(([space, size]) => [space, arena.take(size)])) as Readonly<
    Record<'arena' | 'parameters' | 'packed' | 'tables' | 'input' | 'contribution' | 'scratch', number>
  >;
  const kernels = kind === 'reference' ? referenceKernels(viewsOf(arena.memory.buffer)) : instantiated();
  function instantiated(): Readonly<Record<string, KernelEntry>> {
    return instantiate(loadKernels(), arena.memory) as Readonly<Record<string, KernelEntry>>;
  }
  const bindings = arena.take(4 * BINDING.words);
  const word = bindings >>> 2;
  for (const [space, base] of Object.entries(at)) views.u32[word + SPACES.indexOf(space as Space)] = base;
  [views.u32[word + BINDING.seedLow], views.u32[word + BINDING.seedHigh]] = seed as [number, number];
  for (const { at: offset, data } of program.tables.entries) views.u8.set(data, at.tables + offset);

  const descriptors = new Map<PlanCall, number>();
  for (const calls of lists) {
    const { address } = encodeCalls(arena, calls);
    calls.forEach((call, i) => {
      descriptors.set(call, views.u32[(address >>> 2) + CALL_WORDS * i + 1]!);
    });
  }
  const runCall: RunCall = (call, from, to) => {
    const kernel = kernels[call.arguments.kernel];
    if (!kernel) throw new Error(`no ${kind} kernel ${call.arguments.kernel}`);
    if (from < to) kernel(descriptors.get(call)!, bindings, from, to);
  };

  const part = (space: keyof typeof at, length = sizes[space]!) => views.u8.subarray(at[space], at[space] + length);
  return {
    /** Copies one version of the parameters, as they lie in memory, and makes the panels. */
    load(parameters: Uint8Array): void {
      part('parameters').set(parameters.subarray(0, sizes.parameters));
      inOrder(packs, 0, runCall);
    },
    /** Where samples go, in program.input's layout. */
    input: part('input'),
    /** Activations: nothing in them should matter. */
    arena: part('arena'),
    /** @returns a copy of the contribution: ContributionLayout.bytes of it */
    run({ mode, rows, slot, step }: Run, order: Order = inOrder): Uint8Array {
      part('contribution').fill(0xff); // what no call writes is not to be read
      views.u32[word + BINDING.rows] = rows;
      views.u32[word + BINDING.slot] = slot;
      views.u32[word + BINDING.step] = step;
      order(plans[mode].calls, rows, runCall);
      return part('contribution').slice();
    },
  };
}
