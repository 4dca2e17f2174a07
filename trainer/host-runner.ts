// host-runner.ts: runs a compiled plan on the calling thread, in a memory of its own: predictions, and a second look at a step.
// Not how jobs are trained: that is the pool's.
import type { Seed } from '../base/random.ts';
import { BINDING, countTiles, type Kernels, SCRATCH_BYTES, SPACES, type Space, type Views } from '../kernels/abi.ts';
import { createArena } from '../kernels/arena.ts';
import { instantiate, type KernelModule } from '../kernels/load.ts';
import { expand, memoryBytes } from './contribution.ts';
import { customCalls } from './custom-calls.ts';
import { encodeDescriptors, encodedBytes } from './encode.ts';
import type { Segment } from './model.ts';
import type { Mode, Program } from './plan.ts';
import type { PlanCall } from './plan-builder.ts';

export interface HostRunner {
  readonly views: Views;
  /** Where each space lies. */
  readonly at: Readonly<Record<Space, number>>;
  /** Loads all weights (compact: parameters, then state) and makes the panels. */
  load(weights: Float32Array): void;
  /** Runs one micro-shard whose input stands in space `input`. `after` hears of each call; true ends the run there. */
  run(mode: Mode, shard: HostShard, after?: (call: PlanCall) => boolean): void;
  /** Runs some tiles of one call of a plan, for the shard that is bound. For whoever wants an order of their own. */
  tiles(call: PlanCall, from: number, to: number): void;
  bind(shard: HostShard): void;
}

/** The built kernels, or others over the same memory: the reference twins. */
export type HostKernels = KernelModule | ((views: Views) => Partial<Kernels>);

/** What of a program is run. */
export type HostProgram = Pick<Program, 'plans' | 'packs' | 'packedBytes' | 'contribution' | 'input'> & {
  readonly tables: Pick<Program['tables'], 'bytes' | 'entries'>;
};

export interface HostShard {
  readonly rows: number;
  /** Place in the global batch of the first row, and the step: what random draws are keyed by. */
  readonly slot?: number;
  readonly step?: number;
  /** The row after each leaf's last, where it is a bundle of several (at most 64). */
  readonly leafEnds?: readonly number[];
}

export function createHostRunner(
  program: HostProgram,
  segments: readonly Segment[],
  kernels: HostKernels,
  seed: Seed = [0, 0],
): HostRunner {
  const { plans, packs, tables, contribution, input } = program;
  const vector = memoryBytes(segments);
  const lists = [packs.moving, packs.frozen, ...Object.values(plans).map((plan) => plan.calls)];
  const sizes = {
    arena: Math.max(...Object.values(plans).map((plan) => plan.arenaBytes)),
    parameters: vector,
    packed: program.packedBytes,
    tables: tables.bytes,
    input: input.leafBytes,
    contribution: contribution.bytes,
    scratch: SCRATCH_BYTES,
  };
  const bytes = Object.values(sizes).reduce((sum, size) => sum + size + 1024, 8192);
  const arena = createArena(bytes + lists.reduce((sum, list) => sum + encodedBytes(list), 0));
  const { views } = arena;
  const at = Object.fromEntries(SPACES.map((space) => [space, 0])) as Record<Space, number>;
  for (const [space, size] of Object.entries(sizes)) at[space as Space] = arena.take(size);
  const bindings = arena.take(4 * BINDING.words);
  const word = bindings >>> 2;
  const ends = arena.take(4 * 64);
  for (const [i, space] of SPACES.entries()) views.u32[word + BINDING.base + i] = at[space];
  views.u32[word + BINDING.seedLow] = seed[0];
  views.u32[word + BINDING.seedHigh] = seed[1];
  for (const table of tables.entries) views.u8.set(table.data, at.tables + table.at);
  const descriptors = new Map<PlanCall, number>();
  for (const list of lists) {
    const addresses = encodeDescriptors(arena, list);
    for (const [i, call] of list.entries()) descriptors.set(call, addresses[i]!);
  }
  const entries =
    typeof kernels === 'function' ? kernels(views) : instantiate(kernels, arena.memory, customCalls(views));

  function tiles(call: PlanCall, from: number, to: number): void {
    if (from < to) entries[call.arguments.kernel]!(descriptors.get(call)!, bindings, from, to);
  }
  function bind({ rows, slot = 0, step = 0, leafEnds = [] }: HostShard): void {
    views.u32[word + BINDING.rows] = rows;
    views.u32[word + BINDING.slot] = slot;
    views.u32[word + BINDING.step] = step;
    views.u32[word + BINDING.leaves] = leafEnds.length;
    views.u32[word + BINDING.leafEnds] = ends;
    views.u32.set(leafEnds, ends >>> 2);
  }

  return {
    views,
    at,
    load(weights) {
      expand(segments, weights, views.f32.subarray(at.parameters >>> 2, (at.parameters + vector) >>> 2));
      for (const call of [...packs.moving, ...packs.frozen]) tiles(call, 0, countTiles(call.tiles, 0));
    },
    run(mode, shard, after = () => false) {
      bind(shard);
      for (const call of plans[mode].calls) {
        tiles(call, 0, countTiles(call.tiles, shard.rows));
        if (after(call)) return;
      }
    },
    tiles,
    bind,
  };
}
