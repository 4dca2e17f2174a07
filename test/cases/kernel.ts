// kernel.ts: the suite that every kernel passes: each build against its reference twin, and the same bits for any split of tiles.
import assert from 'node:assert/strict';
import {
  BINDING,
  countTiles,
  descriptorBytes,
  type Floats,
  type Ints,
  type KernelEntry,
  READ_SLACK,
  SCRATCH_BYTES,
  SPACES,
  type Space,
  tilesOf,
  type Views,
  viewsOf,
  writeDescriptor,
} from '../../kernels/abi.ts';
import { instantiate, loadKernels, type Tile } from '../../kernels/load.ts';
import { referenceKernels } from '../../kernels/reference.ts';
import type { KernelName, OperandName } from '../../kernels/signatures.ts';

type Data = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;
/** An operand's contents before the call. `space` defaults to arena; `misalign` shifts it by so many bytes (default 0). */
export interface Given {
  readonly data: Data;
  readonly space?: Space;
  readonly misalign?: number;
  /** Byte inside the data that the kernel's operand points at, as an interior in its halo (default 0). */
  readonly origin?: number;
  /** Left siblings' values for a gradient operand, nearest first; it then lies in space `contribution`. */
  readonly ladder?: readonly Data[];
}

export interface KernelCase<K extends KernelName> {
  readonly title: string;
  readonly rows: number;
  readonly operands: Readonly<Record<OperandName<K>, Given>>;
  readonly ints: Ints<K>;
  readonly floats?: Floats<K>;
  /** Operands that the kernel writes: compared with the reference. All others must stay as they were. */
  readonly writes: readonly OperandName<K>[];
  /** Largest allowed error norm over the reference's norm. 0 means the same bits as the reference. */
  readonly tolerance: number;
  /** The row after each leaf's last, where the call is for several leaves side by side. */
  readonly leafEnds?: readonly number[];
  /** Where the rows lie in several arenas: of each, how many, and its operands, where they lie in the first one's operands. */
  readonly bundles?: readonly { readonly rows: number; readonly operands: Partial<Record<OperandName<K>, Data>> }[];
  readonly step?: number;
  readonly slot?: number;
  readonly seed?: readonly [low: number, high: number];
  /** Reduce program: entries are contributions' values placed in memory, or '+' (abi.ts). Offsets inside them are operand ints. */
  readonly reduce?: readonly (Data | '+')[];
  /** Sums of earlier steps, as one more contribution. */
  readonly carried?: Data;
}

/** Every (build, tile) that some engine uses. */
export const BUILDS: readonly { readonly build: 'simd' | 'relaxed'; readonly tile: Tile }[] = [
  { build: 'relaxed', tile: { rows: 6, vectors: 4 } },
  { build: 'relaxed', tile: { rows: 6, vectors: 2 } },
  { build: 'relaxed', tile: { rows: 4, vectors: 2 } },
  { build: 'simd', tile: { rows: 5, vectors: 4 } },
  { build: 'simd', tile: { rows: 5, vectors: 2 } },
  { build: 'simd', tile: { rows: 4, vectors: 2 } },
];

const memory = new WebAssembly.Memory({ initial: 2048, maximum: 65536, shared: true });
const views = viewsOf(memory.buffer);
const reference = referenceKernels(views);
const builds = BUILDS.map((b) => {
  const kernels = loadKernels(b.build, b.tile);
  return {
    name: `${b.build} ${b.tile.rows}x${b.tile.vectors * 4}`,
    build: b.build,
    kernels: instantiate(kernels, memory),
  };
});

interface Layout {
  readonly descriptor: number;
  readonly bindings: number;
  readonly end: number;
  readonly at: ReadonlyMap<string, number>;
}

const align = (n: number) => Math.ceil(n / 64) * 64;
const bytesOf = (data: Data) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Places a case in memory afresh. Everything between operands is filled with NaN, so that a stray read shows. */
function place<K extends KernelName>(kernel: K, c: KernelCase<K>): Layout {
  views.u32.fill(0xffffffff, 0, 1 << 14);
  let top = 1024;
  const take = (bytes: number, poisoned = bytes) => {
    const at = top;
    top = align(at + bytes + READ_SLACK);
    const end = poisoned < bytes ? align(at + poisoned) : top;
    views.u32.fill(0xffffffff, at >> 2, end >> 2); // words: V8 fills bytes of shared memory one by one
    return at;
  };
  const bindings = take(BINDING.words * 4);
  views.u32.fill(0, bindings >> 2, (bindings >> 2) + BINDING.words);
  const descriptor = take(descriptorBytes(kernel));
  const word = bindings >> 2;
  views.u32[word + BINDING.base + SPACES.indexOf('scratch')] = take(SCRATCH_BYTES, 1 << 18); // what a case touches of it
  const operands: Record<string, { space: Space; at: number }> = {};
  const at = new Map<string, number>();
  for (const [name, given] of Object.entries(c.operands) as [OperandName<K>, Given][]) {
    // every space is based at 0 but contribution, whose bases differ by leaf
    const space = given.ladder ? 'contribution' : (given.space ?? 'arena');
    const address = take(given.data.byteLength + 64) + (given.misalign ?? 0);
    views.u8.set(bytesOf(given.data), address);
    at.set(name, address);
    operands[name] = { space, at: address + (given.origin ?? 0) };
  }
  const summed = (Object.entries(c.operands) as [string, Given][]).filter(([, given]) => given.ladder);
  const base = Math.min(...summed.map(([name]) => at.get(name)!)) - 64; // the first lies 64 bytes into the contribution
  if (summed.length > 0) views.u32[word + BINDING.base + SPACES.indexOf('contribution')] = base;
  for (const [name] of summed) operands[name] = { space: 'contribution', at: at.get(name)! - base };
  const siblings = summed[0]?.[1].ladder?.length ?? 0;
  views.u32[word + BINDING.ladderCount] = siblings;
  for (let i = 0; i < siblings; i++) {
    const place = take(top - base);
    for (const [name, given] of summed) views.u8.set(bytesOf(given.ladder![i]!), place + at.get(name)! - base);
    views.u32[word + BINDING.ladder + i] = place;
  }
  if (c.reduce) {
    const program = take(4 * (1 + c.reduce.length));
    views.u32[program >> 2] = c.reduce.length;
    c.reduce.forEach((entry, i) => {
      let value = 0;
      if (entry !== '+') {
        value = take(entry.byteLength);
        views.u8.set(bytesOf(entry), value);
      }
      views.u32[(program >> 2) + 1 + i] = value;
    });
    views.u32[word + BINDING.reduce] = program;
  }
  if (c.carried) {
    const carried = take(c.carried.byteLength);
    views.u8.set(bytesOf(c.carried), carried);
    views.u32[word + BINDING.carried] = carried;
  }
  if (c.leafEnds) {
    const ends = take(4 * c.leafEnds.length);
    views.u32.set(c.leafEnds, ends >> 2);
    views.u32[word + BINDING.leaves] = c.leafEnds.length;
    views.u32[word + BINDING.leafEnds] = ends;
  }
  if (c.bundles) {
    const list = take(4 + 8 * c.bundles.length);
    views.u32[list >> 2] = c.bundles.length;
    const low = Math.min(...at.values());
    const size = Math.max(...at.values()) - low + 2 ** 16;
    c.bundles.forEach(({ rows, operands: own }, i) => {
      const arena = take(size);
      for (const [name, data] of Object.entries(own) as [string, Data][])
        views.u8.set(bytesOf(data), arena + at.get(name)! - low);
      views.u32.set([arena - low, rows], (list >> 2) + 1 + 2 * i); // the first arena's base is 0
    });
    views.u32[word + BINDING.bundles] = list;
  }
  views.u32[word + BINDING.rows] = c.rows;
  views.u32[word + BINDING.step] = c.step ?? 0;
  views.u32[word + BINDING.slot] = c.slot ?? 0;
  views.u32[word + BINDING.seedLow] = c.seed?.[0] ?? 0;
  views.u32[word + BINDING.seedHigh] = c.seed?.[1] ?? 0;
  writeDescriptor(memory.buffer, descriptor, { kernel, operands, ints: c.ints, floats: c.floats ?? {} } as never);
  return { descriptor, bindings, end: top, at };
}

type Snapshot = ReadonlyMap<string, Data>;
function snapshot<K extends KernelName>(c: KernelCase<K>, layout: Layout): Snapshot {
  const result = new Map<string, Data>();
  for (const [name, given] of Object.entries(c.operands) as [string, Given][]) {
    const at = layout.at.get(name)!;
    const bytes = views.u8.slice(at, at + given.data.byteLength);
    const Kind = given.data.constructor as new (buffer: ArrayBuffer) => Data;
    result.set(name, new Kind(bytes.buffer));
  }
  return result;
}

function run<K extends KernelName>(
  kernel: K,
  entry: KernelEntry,
  c: KernelCase<K>,
  split: 'whole' | 'pieces',
): Snapshot {
  const layout = place(kernel, c);
  const tiles = countTiles(tilesOf(kernel, c.ints), c.rows);
  const outside = guard(c, layout);
  if (split === 'whole') entry(layout.descriptor, layout.bindings, 0, tiles);
  else
    for (let t = tiles; t > 0; ) {
      const from = Math.max(0, t - 1 - (t % 3)); // pieces of one to three tiles, last first
      entry(layout.descriptor, layout.bindings, from, t);
      views.u32[(layout.bindings >> 2) + BINDING.gathered] = 1;
      t = from;
    }
  assert.deepEqual(guard(c, layout), outside, `${kernel}: wrote outside its operands`);
  return snapshot(c, layout);
}

/** Bytes just before and after each operand: nothing may write there. */
function guard<K extends KernelName>(c: KernelCase<K>, layout: Layout): number[][] {
  return (Object.entries(c.operands) as [string, Given][]).map(([name, given]) => {
    const at = layout.at.get(name)!;
    return [
      ...views.u8.slice(at - 8, at),
      ...views.u8.slice(at + given.data.byteLength, at + given.data.byteLength + 64),
    ];
  });
}

/** Norm of the difference over the norm of `expected`; NaN and infinity must stand in the same places. */
export function relativeError(actual: Data, expected: Data): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i]!;
    const e = expected[i]!;
    if (!Number.isFinite(e) || !Number.isFinite(a)) {
      if (Object.is(a, e)) continue;
      return Number.POSITIVE_INFINITY;
    }
    difference += (a - e) ** 2;
    norm += e * e;
  }
  return difference === 0 ? 0 : Math.sqrt(difference / (norm || Number.MIN_VALUE));
}

/** `assert.deepEqual` would describe every difference of large arrays, in gigabytes. */
export function sameBytes(actual: Data, expected: Data, message: string): void {
  const [a, e] = [bytesOf(actual), bytesOf(expected)];
  assert.equal(a.length, e.length, message);
  const at = a.findIndex((byte, i) => byte !== e[i]);
  assert.equal(at, -1, `${message}: byte ${at} of ${e.length} is ${a[at]}, not ${e[at]}`);
}

/** Declares the tests of one kernel. */
export function kernelSuite<K extends KernelName>(kernel: K, cases: readonly KernelCase<K>[]): void {
  describe(`kernel ${kernel}`, () => {
    for (const c of cases) {
      it(`${c.title}: every build within ${c.tolerance} of the reference, the same bits for any tile and split`, () => {
        const twin = reference[kernel];
        assert.ok(twin, `no reference twin of ${kernel}`);
        const expected = run(kernel, twin, c, 'whole');
        const first = new Map<string, Snapshot>();
        for (const { name, build, kernels } of builds) {
          const actual = run(kernel, kernels[kernel], c, 'whole');
          for (const operand of c.writes) {
            const error = relativeError(actual.get(operand)!, expected.get(operand)!);
            assert.ok(error <= c.tolerance, `${name}: ${operand} is off by ${error}`);
          }
          for (const [operand, given] of Object.entries(c.operands) as [OperandName<K>, Given][])
            if (!c.writes.includes(operand)) sameBytes(actual.get(operand)!, given.data, `${name}: changed ${operand}`);
          const same = first.get(build) ?? actual;
          first.set(build, same);
          const pieces = run(kernel, kernels[kernel], c, 'pieces');
          for (const operand of c.writes) {
            sameBytes(actual.get(operand)!, same.get(operand)!, `${name}: other bits than the first tile`);
            sameBytes(pieces.get(operand)!, same.get(operand)!, `${name}: other bits when split`);
          }
        }
      });
    }
  });
}

/** Numbers in [-1, 1) that do not depend on the engine: a small generator for test data, not the project's own. */
export function noise(length: number, seed = 1): Float32Array {
  let state = (seed * 2654435761) >>> 0 || 1;
  return Float32Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 31 - 1;
  });
}

export const zeros = (length: number): Float32Array => new Float32Array(length);
export type { Views };

/** What one build (default: relaxed, the first tile) leaves in the operands of a case, called once or in pieces: for checks beside the twins. */
export function outputsOf<K extends KernelName>(
  kernel: K,
  c: KernelCase<K>,
  build: 'simd' | 'relaxed' = 'relaxed',
  split: 'whole' | 'pieces' = 'whole',
): ReadonlyMap<OperandName<K>, Data> {
  const { kernels } = builds.find((candidate) => candidate.build === build)!;
  return run(kernel, kernels[kernel], c, split) as ReadonlyMap<OperandName<K>, Data>;
}
