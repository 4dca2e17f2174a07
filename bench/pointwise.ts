// pointwise.ts: the kernels that memory bounds (pooling, relu, sums, optimizers), each beside a copy of as many bytes in the same
// run. Not the matrix kernels.
import {
  BINDING,
  countTiles,
  descriptorBytes,
  type KernelArguments,
  type KernelEntry,
  SCRATCH_BYTES,
  SPACES,
  tilesOf,
  writeDescriptor,
} from '../kernels/abi.ts';
import { type Arena, createArena } from '../kernels/arena.ts';
import { instantiate, loadKernels } from '../kernels/load.ts';
import { type KernelName, signatures } from '../kernels/signatures.ts';

/** A kernel at one shape. */
interface Case {
  readonly title: string;
  readonly kernel: KernelName;
  readonly rows: number;
  readonly ints: Readonly<Record<string, number>>;
  readonly floats?: Readonly<Record<string, number>>;
  /** Bytes of each operand. */
  readonly bytes: Readonly<Record<string, number>>;
  /** Bytes read and written, all operands together. */
  readonly traffic: number;
  readonly elements: number;
  /** Parts of the reduce program. */
  readonly parts?: 1 | 2;
}

export interface PointwiseFigure {
  readonly name: string;
  readonly nsPerElement: number;
  readonly gigabytesPerSecond: number;
  readonly copyGigabytesPerSecond: number;
  /** Median of the samples' ratios: 1 is the speed of the copy beside it. */
  readonly ratio: number;
}

const pooled = (rows: number, size: number, C: number): Case[] => {
  const out = Math.floor(size / 2);
  const window = {
    OH: out,
    OW: out,
    C,
    poolH: 2,
    poolW: 2,
    strideH: 2,
    strideW: 2,
    padTop: 0,
    padLeft: 0,
    H: size,
    W: size,
  };
  const [x, y] = [size * size * C, out * out * C];
  const title = `${rows} x ${size} x ${size} x ${C}`;
  const bytes = { x: 4 * x * rows, dx: 4 * x * rows, y: 4 * y * rows, dy: 4 * y * rows, index: y * rows };
  const shared = { title, rows, bytes, elements: x * rows };
  return [
    {
      ...shared,
      kernel: 'maxpool',
      ints: { ...window, xImage: x, xRow: size * C, yImage: y, yRow: out * C, wantIndex: 1 },
      traffic: bytes.x + bytes.y + bytes.index,
    },
    {
      ...shared,
      kernel: 'maxpool_backward',
      ints: { ...window, dyImage: y, dyRow: out * C, yImage: y, yRow: out * C, dxImage: x, dxRow: size * C, mask: 1 },
      traffic: bytes.dx + 2 * bytes.y + bytes.index,
    },
  ];
};

const mapped = (kernel: 'relu' | 'sigmoid' | 'tanh' | 'dropout', n: number): Case => ({
  title: `8 x ${n}`,
  kernel,
  rows: 8,
  ints: { H: 1, L: n, xImage: n, xRow: n, yImage: n, yRow: n, site: 1 },
  floats: { rate: 0.25 },
  bytes: { x: 32 * n, y: 32 * n },
  traffic: 64 * n,
  elements: 8 * n,
});

const bias = (size: number, C: number): Case => ({
  title: `8 x ${size} x ${size} x ${C}`,
  kernel: 'bias_gradient',
  rows: 8,
  ints: { H: size, W: size, C, dyImage: size * size * C, dyRow: size * C },
  bytes: { dy: 32 * size * size * C, out: 4 * C },
  traffic: 32 * size * size * C,
  elements: 8 * size * size * C,
});

const input: Case = {
  title: '16 x 784',
  kernel: 'input_u8',
  rows: 16,
  ints: { H: 28, L: 28, xImage: 784, xRow: 28, yImage: 784, yRow: 28 },
  bytes: { x: 16 * 784, y: 64 * 784, scale: 112, shift: 112 },
  traffic: 80 * 784,
  elements: 16 * 784,
};

const loss: Case = {
  title: '16 x 10',
  kernel: 'softmax_crossentropy',
  rows: 16,
  ints: { m: 1, C: 10, ldl: 10, ldy: 10, ldd: 10, oneHot: 0, wantGradient: 1 },
  bytes: { logits: 640, labels: 64, y: 640, dLogits: 640, sum: 8 },
  traffic: 1984,
  elements: 160,
};

const updated = (kernel: 'sgd' | 'sgd_momentum' | 'adam', count: number, parts: 1 | 2): Case => {
  const operands = signatures[kernel].operands.filter((name) => name !== 'scalars');
  return {
    title: `${count}, ${parts} part${parts > 1 ? 's' : ''}`,
    kernel,
    rows: 1,
    ints: { count, partAt: 0, nesterov: 0 },
    floats: { weightDecay: 0, momentum: 0.9, oneMinusBeta1: 0.1, oneMinusBeta2: 0.001, epsilon: 1e-7 },
    bytes: { ...Object.fromEntries(operands.map((name) => [name, 4 * count])), scalars: 64 },
    traffic: 4 * count * (operands.length + parts),
    elements: count,
    parts,
  };
};

const cases: readonly Case[] = [
  ...pooled(8, 26, 32),
  ...pooled(8, 28, 32),
  ...pooled(8, 11, 64),
  mapped('relu', 26 * 26 * 32),
  mapped('sigmoid', 26 * 26 * 32),
  mapped('tanh', 26 * 26 * 32),
  mapped('dropout', 26 * 26 * 32),
  input,
  loss,
  bias(26, 32),
  bias(11, 64),
  ...([1, 2] as const).flatMap((parts) => [
    updated('sgd', 692_352, parts),
    updated('sgd_momentum', 692_352, parts),
    updated('adam', 692_352, parts),
    updated('adam', 34_826, parts),
  ]),
];

/** Lays a case out in an arena of its own; returns calls of the kernel and of a copy of as many bytes. */
function prepare(c: Case): readonly [kernel: () => void, copy: () => void] {
  const operands = signatures[c.kernel].operands as readonly string[];
  const total = Object.values(c.bytes).reduce((sum, bytes) => sum + bytes + 1024, 0);
  const arena = createArena(2 * total + c.traffic + 3 * SCRATCH_BYTES + 16 * c.elements);
  const kernels = instantiate(loadKernels(), arena.memory);
  const bindings = arena.take(4 * BINDING.words) >> 2;
  arena.views.u32[bindings + BINDING.base + SPACES.indexOf('scratch')] = arena.take(SCRATCH_BYTES);
  arena.views.u32[bindings + BINDING.rows] = c.rows;
  const filled = (bytes: number) => {
    const at = arena.take(bytes);
    arena.views.f32.subarray(at >> 2, (at + bytes) >> 2).forEach((_, i, all) => {
      all[i] = Math.sin(i);
    });
    return at;
  };
  const parts = Array.from({ length: c.parts ?? 0 }, () => filled(4 * c.elements));
  const program = arena.take(64);
  arena.views.u32.set(parts.length > 1 ? [3, ...parts, 0] : [1, ...parts], program >> 2);
  arena.views.u32[bindings + BINDING.reduce] = program;
  const at = Object.fromEntries(
    operands.map((name) => [name, { space: 'arena', at: filled(c.bytes[name]!) }] as const),
  );
  if (at['scalars']) arena.views.f32.fill(1, at['scalars'].at >> 2, (at['scalars'].at >> 2) + 4);
  if (at['v']) arena.views.f32.fill(1, at['v'].at >> 2, (at['v'].at + c.bytes['v']!) >> 2);
  const call = (kernel: KernelName, given: object, ints: object): (() => void) => {
    const descriptor = arena.take(descriptorBytes(kernel));
    const whole = { kernel, operands: given, ints, floats: c.floats ?? {} } as unknown as KernelArguments;
    writeDescriptor(arena.memory.buffer, descriptor, whole);
    const tiles = countTiles(tilesOf(kernel, ints as never), kernel === 'copy' ? 1 : c.rows);
    const entry: KernelEntry = kernels[kernel];
    return () => entry(descriptor, bindings << 2, 0, tiles);
  };
  return [call(c.kernel, at, c.ints), copyOf(arena, c.traffic / 2, call)];
}

function copyOf(arena: Arena, bytes: number, call: (kernel: KernelName, given: object, ints: object) => () => void) {
  const [x, y] = [arena.take(bytes), arena.take(bytes)];
  const L = Math.floor(bytes / 4);
  const given = { x: { space: 'arena', at: x }, y: { space: 'arena', at: y } };
  return call('copy', given, { H: 1, L, xImage: L, xRow: L, yImage: L, yRow: L });
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

function secondsOf(run: () => void, repeats: number): number {
  const start = performance.now();
  for (let i = 0; i < repeats; i++) run();
  return (performance.now() - start) / 1000 / repeats;
}

/** Measures one case: kernel and copy in turns, medians of `samples`. */
function measure(c: Case, samples: number): PointwiseFigure {
  const [kernel, copy] = prepare(c);
  // long enough for V8's optimizing tier to take over
  for (let until = performance.now() + 250; performance.now() < until; ) for (let i = 0; i < 10; i++) kernel();
  // short samples: most of them fit between two preemptions
  const repeats = Math.max(1, Math.ceil(5e-4 / secondsOf(kernel, 5)));
  const times: [kernel: number, copy: number][] = [];
  for (let i = 0; i < samples; i++) times.push([secondsOf(kernel, repeats), secondsOf(copy, repeats)]);
  const own = median(times.map(([time]) => time));
  const peer = median(times.map(([, time]) => time));
  return {
    name: `${c.kernel} ${c.title}`,
    nsPerElement: (own / c.elements) * 1e9,
    gigabytesPerSecond: c.traffic / own / 1e9,
    copyGigabytesPerSecond: c.traffic / peer / 1e9,
    ratio: median(times.map(([mine, other]) => other / mine)),
  };
}

/** Measures and prints all cases whose name contains `only`. */
export function benchPointwise(only = '', samples = 101): readonly PointwiseFigure[] {
  return cases
    .filter((c) => `${c.kernel} ${c.title}`.includes(only))
    .map((c) => {
      const figure = measure(c, samples);
      const { name, nsPerElement, gigabytesPerSecond, copyGigabytesPerSecond, ratio } = figure;
      const own = `${nsPerElement.toFixed(3)} ns/element  ${gigabytesPerSecond.toFixed(1)} GB/s`;
      console.log(
        `${name.padEnd(34)} ${own}  copy ${copyGigabytesPerSecond.toFixed(1)} GB/s  ratio ${ratio.toFixed(2)}`,
      );
      return figure;
    });
}

if (import.meta.main) benchPointwise(process.argv[2]);
