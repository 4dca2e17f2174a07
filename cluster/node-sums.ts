// node-sums.ts: the sums of a node as one compact vector, out of the parts that an executor gave: added in the tree on the calling
// thread, piece by piece as they come to stand. It knows no lease and no socket.
import { BINDING, SCRATCH_BYTES, SPACES } from '../kernels/abi.ts';
import { type Arena, alignUp } from '../kernels/arena.ts';
import { instantiate, type KernelModule } from '../kernels/load.ts';
import { UPDATE_BLOCK } from '../kernels/signatures/blocks.ts';
import { type FlatRange, lengthOf, memoryBytes, movingOf, type Part } from '../trainer/contribution.ts';
import { encodeDescriptors, encodedBytes } from '../trainer/encode.ts';
import type { Segment } from '../trainer/model.ts';
import { PlanBuilder, type PlanCall, Tables } from '../trainer/plan-builder.ts';
import { reduceProgram } from '../trainer/tree.ts';
import { activeLeaves, type Work } from '../trainer/work.ts';
import { eachRun, without } from './flat-ranges.ts';

/** The sums of one node, while they come to stand. */
export interface NodeSums {
  /** Compact. Of what has been taken, it does not change any more. */
  readonly values: Float32Array;
  /** These elements stand in all parts. */
  take(ranges: readonly FlatRange[]): void;
  /** All do: takes those that have not been taken. */
  finish(): void;
}

export interface SumsMaker {
  of(parts: readonly Part[], work: Work): NodeSums;
}

const NEXT = SPACES.indexOf('next');
const SCRATCH = SPACES.indexOf('scratch');
const programBytes = (microShards: number): number => 4 * (1 + 2 * microShards);

/** Adds the parts that the reduce program of the bindings names, into the vector in space `next`. */
function sumCall(moving: readonly Segment[]): PlanCall {
  const build = new PlanBuilder(0, new Tables());
  build.pass = 'apply';
  build.layer = 'sums';
  build.call('reduce_f32', { out: { space: 'next', at: 0 } }, { partAt: 0, count: memoryBytes(moving) / 4 }, {});
  return build.finish().calls[0]!;
}

/** Bytes that it takes from the arena. */
export const nodeSumsBytes = (segments: readonly Segment[], microShards: number): number =>
  [
    memoryBytes(movingOf(segments)),
    SCRATCH_BYTES,
    4 * BINDING.words,
    programBytes(microShards),
    encodedBytes([sumCall(movingOf(segments))]),
  ].reduce((sum, bytes) => sum + alignUp(bytes + 512), 0);

export interface SumsOptions {
  readonly arena: Arena;
  readonly kernels: KernelModule;
  readonly segments: readonly Segment[];
  readonly microShards: number;
}

export function createSums({ arena, kernels, segments, microShards }: SumsOptions): SumsMaker {
  const { i32, u32 } = arena.views;
  const moving = movingOf(segments);
  const bytes = memoryBytes(moving);
  const length = lengthOf(moving);
  const out = arena.take(bytes);
  const bindings = arena.take(4 * BINDING.words);
  const program = arena.take(programBytes(microShards));
  const call = sumCall(moving);
  const descriptor = encodeDescriptors(arena, [call])[0]!;
  const base = (bindings >>> 2) + BINDING.base;
  u32[base + NEXT] = out;
  u32[base + SCRATCH] = arena.take(SCRATCH_BYTES);
  u32[(bindings >>> 2) + BINDING.reduce] = program;
  const { reduce_f32: add } = instantiate(kernels, arena.memory);
  const floatsOf = ({ buffer, byteOffset }: Uint8Array) => new Float32Array(buffer, byteOffset, bytes / 4);
  const added = floatsOf(arena.views.u8.subarray(out));

  return {
    of(parts, work) {
      const values = new Float32Array(length);
      const only = parts.length === 1 ? floatsOf(parts[0]!.bytes) : null;
      if (!only) {
        const nodes = parts.map((part) => part.node);
        const postfix = reduceProgram(nodes, activeLeaves(work), work.node);
        const addresses = postfix.map((e) => (e === '+' ? 0 : parts[e]!.bytes.byteOffset));
        i32.set([postfix.length, ...addresses], program >>> 2);
      }
      const from = only ?? added;
      let taken: readonly FlatRange[] = [];

      function copy(range: FlatRange): void {
        eachRun(moving, range.from, range.to - range.from, (at, memory, count) => {
          // whole tiles: of what lies beside the run in one, the sums may not stand yet, and are added again when they do
          const [first, end] = [Math.floor(memory / UPDATE_BLOCK), Math.ceil((memory + count) / UPDATE_BLOCK)];
          if (!only) add(descriptor, bindings, first, end);
          values.set(from.subarray(memory, memory + count), range.from + at);
        });
      }
      return {
        values,
        take(ranges) {
          ranges.forEach(copy);
          taken = [...taken, ...ranges];
        },
        finish: () => without({ from: 0, to: length }, taken).forEach(copy),
      };
    },
  };
}
