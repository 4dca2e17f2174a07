// range-server.ts: the tensors of a server: its range of parameters and optimizer state, the sums of nodes, norms, the update. The same
// kernels and calls as the in-process store's, on the calling thread. It knows no step order, no term and no socket.
import { ShoalError } from '../base/errors.ts';
import { BINDING, countTiles, SCRATCH_BYTES, SPACES, type Space } from '../kernels/abi.ts';
import { alignUp, createArena } from '../kernels/arena.ts';
import { instantiate, type KernelModule } from '../kernels/load.ts';
import { compact, memoryBytes } from '../trainer/contribution.ts';
import { encodeDescriptors, encodedBytes } from '../trainer/encode.ts';
import type { Segment } from '../trainer/model.ts';
import { type AnyOptimizer, type CommonConfig, slotsOf } from '../trainer/optimizers/kind.ts';
import type { PlanCall } from '../trainer/plan-builder.ts';
import { BLOCK_BYTES, blocksOf, updatesAt } from '../trainer/step-scalars.ts';
import { type Node, nodeName, reduceProgram } from '../trainer/tree.ts';
import { allCalls, penalized, type UpdateProgram, updateProgram, withPenalties } from '../trainer/update-program.ts';
import { eachRun, piecesOf } from './flat-ranges.ts';
import type { FlatRange } from './messages.ts';
import { voteOf } from './votes.ts';

export interface RangeServerOptions {
  /** Of the whole model, in each phase: which of them rest differs. */
  readonly phases: readonly (readonly Segment[])[];
  readonly optimizer: AnyOptimizer;
  readonly optimizerConfig: CommonConfig;
  readonly microShards: number;
  readonly range: FlatRange;
  readonly kernels: KernelModule;
}

/** What there is to know of a step, whose sums are there. */
export interface RangeStep {
  readonly version: number;
  /** Number of its phase. */
  readonly phase: number;
  /** Are added in the tree over `leaves`. */
  readonly nodes: readonly Node[];
  readonly leaves: number;
  /** trainer/step-scalars.ts, scalarsOf. */
  readonly scalars: readonly number[];
  /** Joined, of each round so far. */
  readonly votes: readonly (readonly number[])[];
}

export interface RangeServer {
  readonly range: FlatRange;
  /** Parameters, and each slot of the optimizer. */
  readonly vectors: number;
  /** Takes a slice of a version. `vector` 0: parameters; 1 + i: slot i. `from`: element of the whole compact vector. */
  load(version: number, vector: number, from: number, values: Float32Array): void;
  /** Takes a slice of a node's sums, for the next update. */
  store(node: Node, from: number, values: Float32Array): void;
  /** Measures for the round of norms that follows those of `step.votes`: this server's vote (votes.ts). As often as it is asked. */
  vote(step: RangeStep): readonly number[];
  /** Adds the nodes, divides and updates: version -> version + 1. Forgets all nodes. */
  apply(step: RangeStep): void;
  /** A copy of a vector's range, compact. Only the two newest versions stand. */
  read(version: number, vector: number): Float32Array<ArrayBuffer>;
  /** Forgets the sums of all nodes. */
  forget(): void;
}

const PAGE = 65536;

/** @throws SHOAL_MEMORY_* when the machine lacks room for the range */
export function createRangeServer(options: RangeServerOptions): RangeServer {
  const { optimizer, optimizerConfig, microShards, range, kernels } = options;
  const parts = options.phases.map((segments) => piecesOf(segments, range));
  const pieces = parts[0]!;
  const bytes = memoryBytes(pieces);
  const slots = slotsOf(optimizer, optimizerConfig).length;
  const programs = parts.map((segments, phase) => {
    const whole = options.phases[phase]!;
    return updateProgram({ versions: { segments, slotBytes: bytes }, optimizer, optimizerConfig, whole });
  });
  const scalarBytes = Math.max(...programs.map((program) => program.bytes));
  const hasPenalties = parts.some(penalized);
  const lists = programs.flatMap(allCalls);
  const programWords = 3 + 2 * microShards;
  const sizes = [
    bytes,
    bytes,
    bytes * slots,
    bytes * slots,
    hasPenalties ? bytes : 0,
    SCRATCH_BYTES,
    4 * (BINDING.words + programWords) + scalarBytes,
    ...lists.map(encodedBytes),
  ];
  const arena = createArena(sizes.reduce((sum, size) => sum + alignUp(size + 512), 4096));
  const { memory, views } = arena;
  const versions = [0, 1].map(() => ({ parameters: arena.take(bytes), slots: arena.take(bytes * slots) }));
  const penalties = hasPenalties ? arena.take(bytes) : null; // zeros at first
  const scratch = arena.take(SCRATCH_BYTES);
  const bindings = arena.take(4 * BINDING.words);
  const scalarsAt = arena.take(scalarBytes);
  const programAt = arena.take(4 * programWords);
  const descriptors = new Map<PlanCall['arguments'], number>();
  for (const calls of lists) {
    const addresses = encodeDescriptors(arena, calls);
    for (const [i, call] of calls.entries()) descriptors.set(call.arguments, addresses[i]!);
  }
  const entries = instantiate(kernels, memory);

  // sums of nodes lie behind all that, as many as come: nobody knows beforehand how the tree is cut
  const free: number[] = [];
  const nodes = new Map<string, number>();
  const nodeBytes = alignUp(bytes + 512);
  let top = memory.buffer.byteLength;
  function takeNode(): number {
    const at = free.pop();
    if (at !== undefined) return at;
    const missing = top + nodeBytes - memory.buffer.byteLength;
    if (missing > 0) grow(memory, Math.ceil(missing / PAGE));
    top += nodeBytes;
    return top - nodeBytes;
  }
  function forget(): void {
    free.push(...nodes.values());
    nodes.clear();
  }

  const addressOf = (version: number, vector: number): number => {
    const { parameters, slots: first } = versions[version % 2]!;
    return vector === 0 ? parameters : first + (vector - 1) * bytes;
  };
  const vectorAt = (address: number) => new Float32Array(memory.buffer, address, bytes / 4);
  function copyIn(address: number, from: number, values: Float32Array): void {
    if (from < range.from || from + values.length > range.to) throw outside(range, from, values.length);
    const into = vectorAt(address);
    eachRun(pieces, from - range.from, values.length, (at, to, length) => {
      into.set(values.subarray(at, at + length), to);
    });
  }

  function run(call: PlanCall): void {
    entries[call.arguments.kernel](descriptors.get(call.arguments)!, bindings, 0, countTiles(call.tiles, 0));
  }
  /** Everything that calls of a step read: which sums, which versions, its scalars as the rounds so far leave them. */
  function bind({ version, phase, nodes: parts, leaves, scalars, votes }: RangeStep): UpdateProgram {
    const program = programs[phase]!;
    const addresses = parts.map((part) => nodes.get(nodeName(part)) ?? absent(part));
    const reduce = reduceProgram(parts, leaves);
    const added = reduce.map((e) => (e === '+' ? 0 : addresses[e]!));
    const all = withPenalties(added, penalties);
    views.i32.set([all.length, ...all], programAt >>> 2);
    for (const [i, block] of blocksOf(optimizer, optimizerConfig, scalars, program.paces, version + 1).entries())
      views.f32.set(block, (scalarsAt + i * BLOCK_BYTES) >>> 2);
    const [now, next] = [versions[version % 2]!, versions[(version + 1) % 2]!];
    const bases: Partial<Record<Space, number>> = {
      parameters: now.parameters,
      slots: now.slots,
      next: next.parameters,
      nextSlots: next.slots,
      step: scalarsAt,
      scratch,
      ...(penalties !== null && { penalties }),
    };
    const word = bindings >>> 2;
    for (const [space, base] of Object.entries(bases)) views.u32[word + SPACES.indexOf(space as Space)] = base;
    views.u32[word + BINDING.reduce] = programAt;
    if (program.accumulator !== null) views.u32[word + BINDING.carried] = now.slots + program.accumulator * bytes;
    for (const [i, sums] of votes.entries()) {
      views.f64.set(sums, (scalarsAt + program.rounds[i]!.sumsAt) >>> 3);
      for (const call of program.rounds[i]!.scale.flat()) run(call);
    }
    return program;
  }

  return {
    range,
    vectors: 1 + slots,
    load(version, vector, from, values) {
      // into the other copy too: no step writes what rests
      for (const copy of [version, version + 1]) copyIn(addressOf(copy, vector), from, values);
    },
    store(node, from, values) {
      const name = nodeName(node);
      let at = nodes.get(name);
      if (at === undefined) {
        at = takeNode();
        nodes.set(name, at);
      }
      copyIn(at, from, values);
    },
    vote(step) {
      const program = bind(step);
      const round = program.rounds[step.votes.length]!;
      for (const { call } of round.measure.flat()) run(call);
      return voteOf(round, range, (quantity, tensor, count) => {
        const own = program.segments.findIndex(({ path }) => path === tensor.path);
        return new Float64Array(memory.buffer, scalarsAt + round.squaresAt(quantity, own), count);
      });
    },
    apply(step) {
      const program = bind(step);
      const calls = updatesAt(optimizerConfig, step.version + 1) ? program.apply : program.gather;
      for (const { call } of calls.flat()) run(call);
      forget();
    },
    read: (version, vector) => compact(pieces, vectorAt(addressOf(version, vector))) as Float32Array<ArrayBuffer>,
    forget,
  };
}

function grow(memory: WebAssembly.Memory, pages: number): void {
  try {
    memory.grow(pages);
  } catch (cause) {
    throw new ShoalError(
      {
        code: 'SHOAL_MEMORY_UNAVAILABLE',
        operation: 'keep the sums of one more node',
        got: `no room for ${pages * PAGE} bytes beside ${memory.buffer.byteLength}`,
        expected: 'that much memory, and 4 GiB at most',
        hint: 'Start more servers: each then holds less.',
      },
      { cause },
    );
  }
}

const outside = (range: FlatRange, from: number, length: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_RANGE',
    operation: 'take a slice',
    got: `elements ${from} to ${from + length}`,
    expected: `some of ${range.from} to ${range.to}`,
    hint: 'Peers disagree on who owns what: please report this.',
  });

function absent(node: Node): never {
  throw new ShoalError({
    code: 'SHOAL_TREE',
    operation: 'update a range',
    got: `no sums of node ${nodeName(node)}`,
    expected: 'the sums of every node that is to be added',
    hint: 'Please report this with the job file.',
  });
}
