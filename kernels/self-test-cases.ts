// self-test-cases.ts: a small call of every kernel on noise, to compare two compilations of the same code. Results mean nothing: what
// kernels ought to compute is tested in test/kernels.
import {
  BINDING,
  countTiles,
  descriptorBytes,
  type KernelEntry,
  SCRATCH_BYTES,
  SPACES,
  tilesOf,
  type Views,
  writeDescriptor,
} from './abi.ts';
import { type KernelName, signatures } from './signatures.ts';

const REGION = 1 << 17;
/** Operands start here in their regions: halos stay inside. */
const INSET = 1 << 13;
const BINDINGS = 256;
const DESCRIPTOR = 512;
const SCRATCH = 1024;
const FIRST_REGION = SCRATCH + SCRATCH_BYTES;
/** Two more than any kernel has operands: the last two are added by reduce programs. */
const REGIONS = 12;
/** Bytes of memory that a case works in. */
export const CASE_BYTES = FIRST_REGION + REGIONS * REGION;

const region = (i: number): number => FIRST_REGION + i * REGION;

/** Sizes that fit every kernel with an argument of this name. */
const sizes: Readonly<Record<string, number>> = {
  ...{ m: 1, K: 37, N: 40, C: 21, R: 23, T: 3, L: 37, H: 5, W: 6, groups: 1, width: 8, hasBias: 1, activation: 1 },
  ...{ ld: 40, lda: 40, ldb: 40, ldc: 40, ldo: 40, ldw: 40, ldx: 40, ldy: 40, ldd: 40, ldl: 40, lddy: 40, lddx: 40 },
  ...{
    pixels: 17,
    taps: 3,
    runs: 3,
    len: 5,
    xStep: 3,
    dyStep: 40,
    OH: 2,
    OW: 3,
    poolH: 2,
    poolW: 2,
    strideH: 2,
    strideW: 2,
  },
  ...{ top: 1, bottom: 1, left: 3, right: 3, wantIndex: 1, wantGradient: 1, mask: 1, nesterov: 1 },
  ...{ A: 3, B: 4, xA: 160, xB: 40, xL: 1, yA: 160, yB: 40, yL: 1, aA: 160, aB: 40, aL: 1, bA: 0, bB: 40, bL: 1 },
  ...{ operation: 2, over: 3, others: 1 },
  ...{ heads: 2, S: 11, D: 19, E: 17, ldq: 40, ldk: 40, ldv: 40, causal: 1, hasMask: 1 },
  ...{ count: 1000, k: 2, site: 3, block: 5, transposed: 1, most: 3, share: 40000, turn: 9000 },
};
/** K beyond one block of it: W reaches into the region of the bias, which nobody writes. */
const longer: Partial<Record<KernelName, Readonly<Record<string, number>>>> = { gemm: { K: 1100 } };
const sizeOf = (kernel: KernelName, name: string): number =>
  longer[kernel]?.[name] ?? sizes[name] ?? (name.endsWith('Image') ? 1500 : name.endsWith('Row') ? 240 : 0);
const rates: Readonly<Record<string, number>> = { scale: 0.2, rate: 0.5, momentum: 0.9, epsilon: 1e-7 };

/** Pairs of an offset and the weight 0.5. */
const tapWord = (i: number): number => (i % 2 === 0 ? 42 * i : 0x3f000000);

/** 32-bit words of operands that do not hold floats of any sign. */
const words: Readonly<Record<string, (i: number) => number>> = {
  xTable: (i) => 12 * i,
  yTable: (i) => 160 * i,
  rowTable: (i) => 4 * i,
  taps: (i) => 400 * i,
  xTaps: (i) => 84 * i,
  wTaps: (i) => 84 * i,
  skips: () => 60,
  rows: (i) => i,
  columns: (i) => 2 * i,
  bounds: (i) => (i % 2 === 0 ? i >> 1 : 2),
  matrix: (i) => 20000 * i,
  rowTaps: tapWord,
  columnTaps: tapWord,
  labels: (i) => i % 21,
  index: (i) => 0x01010101 * (i % 4),
};

const noise = new Float32Array(REGION / 4);
let state = 1;
for (let i = 0; i < noise.length; i++) {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  noise[i] = state / 2 ** 31;
}

function fill(views: Views, name: string, i: number): void {
  const at = region(i) >> 2;
  const word = words[name];
  if (word) for (let w = 0; w < 1024; w++) views.i32[at + INSET / 4 + w] = word(w);
  else views.f32.set(noise.subarray(i * 64), at);
  if (name === 'v' || name === 'variance' || name === 'partial')
    for (let w = 0; w < REGION / 4; w++) views.f32[at + w] = Math.abs(views.f32[at + w]!);
}

/** Operands and sizes that a case sets otherwise. */
export interface Changes {
  readonly ints?: Readonly<Record<string, number>>;
  readonly operands?: Readonly<Record<string, readonly number[]>>;
}

/** Runs a kernel for `rows` rows (at most 12). @returns its operands' regions as it left them, one after another */
export function runCase(
  kernel: KernelName,
  entry: KernelEntry,
  memory: WebAssembly.Memory,
  views: Views,
  rows: number,
  changes: Changes = {},
): Uint8Array {
  const { operands, ints, floats } = signatures[kernel] as Record<'operands' | 'ints' | 'floats', readonly string[]>;
  views.u8.fill(0, 0, SCRATCH);
  operands.forEach((name, i) => {
    fill(views, name, i);
    views.f32.set(changes.operands?.[name] ?? [], (region(i) + INSET) >> 2);
  });
  const call = {
    kernel,
    operands: Object.fromEntries(operands.map((name, i) => [name, { space: 'arena', at: region(i) + INSET }])),
    ints: Object.fromEntries(ints.map((name) => [name, changes.ints?.[name] ?? sizeOf(kernel, name)])),
    floats: Object.fromEntries(floats.map((name) => [name, rates[name] ?? 0.01])),
  };
  writeDescriptor(memory.buffer, DESCRIPTOR, call as never);
  const word = BINDINGS >> 2;
  views.u32[word + SPACES.indexOf('scratch')] = SCRATCH;
  views.u32[word + BINDING.rows] = rows;
  views.u32[word + BINDING.ladderCount] = 2;
  views.u32.set([REGION / 2, (REGION / 4) * 3], word + BINDING.ladder); // siblings lie in the operand's region, behind it
  const program = DESCRIPTOR + descriptorBytes(kernel);
  views.u32.set([3, region(REGIONS - 2), region(REGIONS - 1), 0], program >> 2);
  views.u32[word + BINDING.reduce] = program;
  entry(DESCRIPTOR, BINDINGS, 0, countTiles(tilesOf(kernel, call.ints as never), rows));
  return views.u8.slice(FIRST_REGION, region(operands.length));
}

/** Where an operand starts in what runCase returns. */
export const operandStart = (kernel: KernelName, name: string): number =>
  signatures[kernel].operands.indexOf(name as never) * REGION + INSET;
