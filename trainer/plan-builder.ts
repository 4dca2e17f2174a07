// plan-builder.ts: collects the kernel calls of one plan, and places their buffers. It knows tensors, not layers (plan.ts does).
import { type Floats, type Ints, type KernelArguments, type Operand, type Space, tilesOf } from '../kernels/abi.ts';
import { alignUp } from '../kernels/arena.ts';
import type { Tiles } from '../kernels/signatures/kind.ts';
import type { KernelName, OperandName } from '../kernels/signatures.ts';
import { shareBuffers, usesOf } from './in-place.ts';
import { placeBuffers } from './memory-plan.ts';
import { covers, type Halo, hasHalo, layoutOf, NO_HALO, type Tensor, viewOf } from './tensor.ts';

/** An operand whose buffer has no offset yet. `at` in bytes, from the buffer's start. */
export interface Pending {
  readonly buffer: number;
  readonly at: number;
  /** Nobody reads it: a call that writes nothing else is left out. */
  readonly unwanted?: true;
}
export type Given = Operand | Pending;

/** Whether all but its result is a team's own. */
const readsArenas = (operands: Readonly<Record<string, Given>>): boolean =>
  Object.entries(operands).every(([name, given]) => name === 'out' || 'buffer' in given);

/** Whether what is not a team's own is every team's. */
const spansTeams = (operands: Readonly<Record<string, Given>>): boolean =>
  Object.values(operands).every((given) => 'buffer' in given || given.space === 'parameters');

const isUnwanted = (given: Given): boolean => 'unwanted' in given;

/** One kernel call of a finished plan. */
export interface PlanCall {
  readonly arguments: KernelArguments;
  readonly tiles: Tiles;
  /** The layer that asked for it, and in which pass. */
  readonly layer: string;
  readonly pass: 'forward' | 'loss' | 'backward' | 'pack' | 'apply';
  /** A team waits for all its threads before this call. */
  readonly barrier: boolean;
  /** It writes the sums of its own leaf: the finished left siblings are not added to them yet. */
  readonly alone: boolean;
  /** All threads make it together, for all bundles, in the midst of their own calls (joint.ts): they meet before it and after it. */
  readonly crosses: boolean;
  /** Floating-point operations for one sample; 0 where that is no useful figure. */
  readonly flops: number;
}

interface PendingCall {
  readonly kernel: KernelName;
  readonly operands: Readonly<Record<string, Given>>;
  readonly ints: Readonly<Record<string, number>>;
  readonly floats: Readonly<Record<string, number>>;
  readonly layer: string;
  readonly pass: PlanCall['pass'];
  readonly barrier: boolean;
  readonly alone: boolean;
  readonly crosses: boolean;
  readonly flops: number;
}

export interface CallOptions {
  readonly flops?: number;
  /** True for a call that reads nothing that the call before it writes: no barrier between them. */
  readonly independent?: boolean;
  /** All threads make it together when every bundle stands (joint.ts): it comes last, and what it reads is kept. */
  readonly joint?: boolean;
  /** All threads make it together when what it reads stands in every bundle (joint.ts). */
  readonly crosses?: boolean;
}

/** Data laid out once at plan time, in space `tables`. Equal tables are stored once. */
export class Tables {
  #bytes = 0;
  readonly #known = new Map<string, number>();
  readonly entries: { readonly at: number; readonly data: Uint8Array }[] = [];

  /** Byte offset of a copy of `data`, followed by eight more readable entries (copies of the last). */
  add(data: Uint32Array | Int32Array | Float32Array): Operand {
    const padded = new Uint32Array(data.length + 8);
    padded.set(new Uint32Array(data.buffer, data.byteOffset, data.length));
    padded.fill(padded[Math.max(0, data.length - 1)] ?? 0, data.length);
    const bytes = new Uint8Array(padded.buffer);
    const key = padded.join();
    let at = this.#known.get(key);
    if (at === undefined) {
      at = this.#bytes;
      this.#known.set(key, at);
      this.entries.push({ at, data: bytes });
      this.#bytes = alignUp(at + bytes.byteLength);
    }
    return { space: 'tables', at };
  }

  get bytes(): number {
    return this.#bytes;
  }
}

export class PlanBuilder {
  readonly #calls: PendingCall[] = [];
  readonly #joint: PendingCall[] = [];
  /** Of each of these: the last call before it, when it was asked for. */
  readonly #after: number[] = [];
  readonly #buffers: number[] = []; // bytes
  /** A call that was left out would have waited for those before it: the next one does. */
  #owed = false;
  readonly rows: number;
  readonly tables: Tables;
  layer = '';
  pass: PlanCall['pass'] = 'forward';
  /** Of the calls to come (PlanCall). */
  alone = false;

  /** Samples of all bundles together, where calls may be joint; 0 where none is. */
  readonly jointRows: number;

  /** `rows`: the most samples that one micro-shard has. */
  constructor(rows: number, tables: Tables, jointRows = 0) {
    this.rows = rows;
    this.tables = tables;
    this.jointRows = jointRows;
  }

  /** A buffer of the arena; its lifetime runs from the first to the last call that names it. */
  buffer(bytes: number): number {
    return this.#buffers.push(bytes) - 1;
  }

  /** A buffer that nobody reads: kernels with an operand named `out` write nothing else, and are left out where it is this. */
  unwanted(bytes: number): Pending {
    return { buffer: this.buffer(bytes), at: 0, unwanted: true };
  }

  /** A new activation (rows, ...shape), its halo zeroed by a call that comes first. */
  tensor(shape: readonly number[], halo: Halo = NO_HALO): Tensor {
    const layout = layoutOf(shape, halo);
    const buffer = this.buffer(4 * this.rows * layout.imageStride);
    const tensor: Tensor = { shape, halo, place: { buffer, fixed: null }, ...layout };
    if (hasHalo(halo)) {
      const [H, W, C] = shape as [number, number, number];
      const { top, bottom, left, right } = halo;
      this.call(
        'clear_halo',
        { y: this.at(tensor) },
        {
          H,
          L: W * C,
          top,
          bottom,
          left: left * C,
          right: right * C,
          yImage: tensor.imageStride,
          yRow: tensor.rowStride,
        },
        {},
        { independent: true },
      );
    }
    return tensor;
  }

  /** y = x, whatever halo each of them has. */
  copy(x: Tensor, y: Tensor): void {
    const strides = { xImage: x.imageStride, xRow: x.rowStride, yImage: y.imageStride, yRow: y.rowStride };
    this.call('copy', { x: this.at(x), y: this.at(y) }, { ...viewOf(x, y), ...strides }, {});
  }

  /** The tensor itself where it has no halo, else a copy without. */
  compact(x: Tensor): Tensor {
    if (!hasHalo(x.halo)) return x;
    const y = this.tensor(x.shape);
    this.copy(x, y);
    return y;
  }

  /** The tensor itself where its halo is as wide on every side, else a copy that has it. */
  covered(x: Tensor, halo: Halo): Tensor {
    if (covers(x.halo, halo)) return x;
    const y = this.tensor(x.shape, halo);
    this.copy(x, y);
    return y;
  }

  /** The same bytes under another compact shape. */
  reshape(tensor: Tensor, shape: readonly number[]): Tensor {
    return { ...tensor, shape, ...layoutOf(shape, NO_HALO) };
  }

  /** The operand that begins `floats` floats after the tensor's first element. */
  at(tensor: Tensor, floats = 0): Given {
    const at = 4 * (tensor.origin + floats);
    const { buffer, fixed } = tensor.place;
    if (buffer !== null) return { buffer, at };
    return { space: fixed!.space, at: fixed!.at + at };
  }

  call<K extends KernelName>(
    kernel: K,
    operands: Readonly<Record<OperandName<K>, Given>>,
    ints: Ints<K>,
    floats: Floats<K>,
    options: CallOptions = {},
  ): void {
    const { flops = 0, independent = false, joint = false, crosses = false } = options;
    const { out } = operands as Readonly<Record<string, Given | undefined>>;
    const barrier = !independent || this.#owed;
    this.#owed = barrier && out !== undefined && isUnwanted(out);
    if (out && isUnwanted(out)) return;
    const { layer, pass, alone } = this;
    const spans = crosses && !alone && spansTeams(operands);
    const call = { kernel, operands, ints, floats, layer, pass, alone, crosses: spans, flops };
    if (joint && !alone && readsArenas(operands)) {
      this.#joint.push({ ...call, barrier: false });
      this.#after.push(this.#calls.length - 1);
    } else this.#calls.push({ ...call, barrier });
  }

  /** Calls so far. */
  get count(): number {
    return this.#calls.length;
  }

  /** Places the buffers and resolves every operand. `kept`: what is read when all calls have run. */
  finish(kept: readonly Given[] = []): {
    readonly calls: readonly PlanCall[];
    /** Of each of the last calls, which are joint: the call after which what it reads stands. */
    readonly joint: readonly number[];
    readonly arenaBytes: number;
    resolve(given: Given): Operand;
  } {
    const all = [...this.#calls, ...this.#joint];
    const uses = usesOf(all, this.#buffers);
    for (const given of kept) if ('buffer' in given) uses[given.buffer]!.last = Number.POSITIVE_INFINITY;
    const place = shareBuffers(all, uses);
    // a buffer that no call names, or that lies in the place of another, takes no room
    const { at, bytes } = placeBuffers(uses.map((use) => (use.last < 0 ? { ...use, bytes: 0 } : use)));
    const resolve = (given: Given): Operand =>
      'buffer' in given ? { space: 'arena', at: at[place[given.buffer]!]! + given.at } : given;
    const calls = all.map(({ kernel, operands, ints, floats, ...rest }): PlanCall => {
      const resolved = Object.fromEntries(Object.entries(operands).map(([name, given]) => [name, resolve(given)]));
      const args = { kernel, operands: resolved, ints, floats } as unknown as KernelArguments;
      return { arguments: args, tiles: tilesOf(kernel, ints as never), ...rest };
    });
    return { calls, joint: this.#after, arenaBytes: bytes, resolve };
  }
}

/** An operand of a space that is no arena buffer. */
export const fixedAt = (space: Space, at: number): Operand => ({ space, at });
