// micro.ts: writes the unrolled micro-kernels: R rows of C by 8 or 16 columns, all sums in registers. No loops over tiles: drivers
// (assembly/gemm.ts, conv.ts and so on) do that. A unpacked: packing it measured slower.
//
// The revectorizer fuses two v128 operations into one of 256 bits where it finds stores 16 bytes apart off one base. So: vectors of
// a row stand together, every load comes before the first store, each kernel has one set of stores, and a pair's upper half is stored
// first: V8 then stores the pair once, the other way round it stores the lower half twice.
import { segmentKernel, segments, UNROLL_APART } from './segments.ts';

/** What a family of micro-kernels differs in. */
interface Family {
  readonly name: string;
  readonly parameters: string;
  /** Statements before the loops. */
  readonly setup: (rows: number) => string;
  /** Opens a loop around the runs of k and closes it, where there is one. */
  readonly runs?: { readonly open: string; readonly close: (rows: number) => string };
  /** Addresses of row r's value at the k that is `u` after the pointers, and of the vectors. */
  readonly left: (row: number, u: number) => string;
  readonly right: string;
  /** Bytes from one k of so many vectors to the next: a number where they are always the same, and a turn can move their pointer once. */
  readonly stride: (vectors: number) => number | string;
  /** Moves the rows' pointers after each k, or else after UNROLL of them, or fewer at the end of a run. */
  readonly next?: (rows: number) => string;
  readonly advance?: (rows: number, by: number) => string;
  /** A statement for each k, beside its products: `u` as above. */
  readonly beside?: (u: number, vectors: number) => string;
  /** k of one turn of the innermost loop. Default: UNROLL or UNROLL_APART for the largest kernels, else one. */
  readonly unroll?: number;
  /** Defines q0, q1, ...: where rows of the result go. */
  readonly result: (rows: number) => string;
  /** What may happen to the sums before they are stored, by `mode`. */
  readonly epilogue: readonly ('add' | 'relu')[];
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const each = (rows: number, line: (row: number) => string): string => range(rows).map(line).join(' ');
/** Pointers to rows that lie `stride` bytes apart. */
const chain = (name: string, first: string, stride: string) => (rows: number) =>
  each(rows, (r) => `let ${name}${r} = ${r === 0 ? first : `${name}${r - 1} + ${stride}`};`);
/** Upper vectors first. */
const vectorsDown = (vectors: number, line: (v: number) => string): string =>
  range(vectors)
    .map((v) => line(vectors - 1 - v))
    .join(' ');
const advance = (rows: number, by: number | string): string => each(rows, (r) => `p${r} += ${by};`);
/**
 * k of one turn of the innermost loop of the largest kernels: a third of their instructions was the loop's own, which is what a core
 * shared with another thread runs short of. Each k stands in a block of its own: V8 would mix the sums of one block, and spill.
 */
const UNROLL = 8;

/** C = A x panel + init: rows of A lie `as` bytes apart. `step`: bytes from one k of the panel to the next, 64 if it is 16 wide. */
const affine: Family = {
  name: 'affine',
  parameters: 'a: usize, as: usize, panel: usize, step: usize, k: i32, init: usize, c: usize, cs: usize, mode: i32',
  // C, read at the end, may have left the caches: it is asked for before the loop. V8 keeps such loads, for they may trap.
  setup: (rows) =>
    `${chain('p', 'a', 'as')(rows)} if (mode & ADD) { ${each(rows, (r) => `load<u8>(c + cs * ${r});`)} }`,
  left: (r, u) => `p${r}, ${4 * u}`,
  right: 'panel',
  stride: (vectors) => (vectors === 4 ? 64 : 'step'),
  advance: (rows, by) => advance(rows, 4 * by),
  result: chain('q', 'c', 'cs'),
  epilogue: ['add', 'relu'],
};

/**
 * The same where k lie `ws` bytes apart, as columns of a matrix do. They are copied to `to`, 64 bytes apart, meanwhile: a core that
 * multiplies has time to store. Not so many k in a turn: each load of a turn would go its own way through the pages.
 */
const packing: Family = {
  ...affine,
  name: 'packing',
  parameters:
    'a: usize, as: usize, w: usize, ws: usize, k: i32, init: usize, c: usize, cs: usize, to: usize, mode: i32',
  right: 'w',
  stride: () => 'ws',
  advance: (rows, by) => `${advance(rows, 4 * by)} to += ${64 * by};`,
  beside: (u, vectors) => vectorsDown(vectors, (v) => `v128.store(to, b${v}, ${64 * u + 16 * v});`),
  unroll: UNROLL_APART,
};

/** The same as affine for 12 rows, with a pointer to each third row only: twelve would not stay in registers. */
const affine12: Family = {
  ...affine,
  setup: () => 'let p0 = a, p3 = a + as * 3, p6 = a + as * 6, p9 = a + as * 9; const as2 = as + as;',
  left: (r, u) => `p${r - (r % 3)}${['', ' + as', ' + as2'][r % 3]}, ${4 * u}`,
  advance: (_, by) => [0, 3, 6, 9].map((r) => `p${r} += ${4 * by};`).join(' '),
};

/** Pixels by table: row r reads `runs` runs of `len` floats from x + xTable[r] and is stored at y + yTable[r]. */
const pixels: Family = {
  name: 'pixels',
  parameters:
    'x: usize, xTable: usize, panel: usize, skips: usize, runs: i32, len: i32, init: usize, y: usize, yTable: usize, mode: i32',
  setup: (rows) => each(rows, (r) => `let p${r} = x + <usize>load<u32>(xTable, ${4 * r});`),
  runs: {
    open: 'for (; runs > 0; runs--) { let k = len;',
    close: (rows) => `const skip = load<i32>(skips); skips += 4; ${advance(rows, 'skip')} }`,
  },
  left: (r, u) => `p${r}, ${4 * u}`,
  right: 'panel',
  stride: () => 64,
  advance: (rows, by) => advance(rows, 4 * by),
  result: (rows) => each(rows, (r) => `const q${r} = y + <usize>load<u32>(yTable, ${4 * r});`),
  epilogue: ['relu'],
};

/** out (R, columns) = sum over k of a[k][r] * b[k]; the R values of a k stand side by side. */
const outer: Family = {
  name: 'outer',
  parameters: 'a: usize, as: usize, b: usize, bs: usize, k: i32, out: usize, os: usize, mode: i32',
  setup: () => '',
  left: (r) => `a, ${4 * r}`,
  right: 'b',
  stride: () => 'bs',
  next: () => 'a += as;',
  result: chain('q', 'out', 'os'),
  epilogue: ['add'],
};

/** out (R, columns) = sum over `runs` rows of `len` pixels of x[pixel + table[r]] * b[pixel]. */
const taps: Family = {
  name: 'taps',
  parameters:
    'x: usize, table: usize, xs: usize, xSkip: usize, b: usize, bs: usize, bSkip: usize, runs: i32, len: i32, out: usize, os: usize, mode: i32',
  setup: (rows) => each(rows, (r) => `let p${r} = x + <usize>load<u32>(table, ${4 * r});`),
  runs: {
    open: 'for (; runs > 0; runs--) { let k = len;',
    close: (rows) => `${advance(rows, 'xSkip')} b += bSkip; }`,
  },
  left: (r) => `p${r}`,
  right: 'b',
  stride: () => 'bs',
  next: (rows) => advance(rows, 'xs'),
  result: chain('q', 'out', 'os'),
  epilogue: ['add'],
};

function kernel(family: Family, rows: number, vectors: number): string[] {
  const large = rows === 5 || rows === 6; // smaller and 12x8 measured no faster
  const unroll = family.unroll ?? (!large ? 1 : family.advance ? UNROLL : UNROLL_APART);
  const stride = family.stride(vectors);
  const once = unroll > 1 && typeof stride === 'number' ? stride : 0;
  /** After so many k of a turn. */
  const move = (by: number): string =>
    `${family.advance?.(rows, by) ?? ''}${once > 0 ? ` ${family.right} += ${once * by};` : ''}`;
  const all = (line: (r: number, v: number) => string): string[] =>
    range(rows).map(
      (r) =>
        `    ${range(vectors)
          .map((v) => line(r, v))
          .join(' ')}`,
    );
  const vectorwise = (line: (v: number) => string): string => `    ${range(vectors).map(line).join(' ')}`;
  const hasInit = family.parameters.includes('init:');
  return [
    `export function ${family.name}${rows}x${4 * vectors}(${family.parameters}): void {`,
    `  ${family.setup(rows)}`,
    ...(hasInit ? [vectorwise((v) => `const i${v} = v128.load(init, ${16 * v});`)] : []),
    ...all((r, v) => `let c${r}_${v} = ${hasInit ? `i${v}` : 'f32x4.splat(0)'};`),
    `  ${family.runs?.open ?? ''}`,
    '  while (k > 0) {',
    ...range(unroll).flatMap((u) => [
      ...(u === 0 ? [] : [`    if (k == ${u}) { ${family.runs ? move(u) : ''} break; }`]),
      '    {',
      vectorwise((v) => `const b${v} = v128.load(${family.right}, ${once * u + 16 * v});`),
      ...(family.beside ? [`    ${family.beside(u, vectors)}`] : []),
      ...range(rows).flatMap((r) => [
        `    const a${r} = v128.load32_splat(${family.left(r, u)});`,
        vectorwise((v) => `c${r}_${v} = fma(a${r}, b${v}, c${r}_${v});`),
      ]),
      `    ${family.next?.(rows) ?? ''}${once > 0 ? '' : ` ${family.right} += ${stride};`}`,
      '    }',
    ]),
    `    ${move(unroll)}`,
    `    k -= ${unroll};`,
    '  }',
    `  ${family.runs?.close(rows) ?? ''}`,
    `  ${family.result(rows)}`,
    ...(family.epilogue.includes('add')
      ? [
          '  if (mode & ADD) {',
          ...all((r, v) => `c${r}_${v} = f32x4.add(v128.load(q${r}, ${16 * v}), c${r}_${v});`),
          '  }',
        ]
      : []),
    ...(family.epilogue.includes('relu')
      ? ['  if (mode & RELU) {', ...all((r, v) => `c${r}_${v} = positive(c${r}_${v});`), '  }']
      : []),
    ...range(rows).map((r) => `    ${vectorsDown(vectors, (v) => `v128.store(q${r}, c${r}_${v}, ${16 * v});`)}`),
    '}',
  ];
}

/** `affine(rows, wide, ...)`: calls the micro-kernel of so many rows, 16 wide or 8. */
function dispatcher(family: Pick<Family, 'name' | 'parameters'>): string[] {
  const names = family.parameters.replaceAll(/: \w+/g, '');
  const byRows = (width: number) => [
    `    if (rows == 6) ${family.name}6x${width}(${names});`,
    ...[5, 4, 3, 2].map((rows) => `    else if (rows == ${rows}) ${family.name}${rows}x${width}(${names});`),
    `    else ${family.name}1x${width}(${names});`,
  ];
  return [
    '// @ts-ignore: decorator',
    `@inline export function ${family.name}(rows: i32, wide: bool, ${family.parameters}): void {`,
    '  if (wide) {',
    ...byRows(16),
    '  } else {',
    ...byRows(8),
    '  }',
    '}',
  ];
}

/** The source of assembly/generated/micro.ts. */
export function micro(): string {
  const lines = ['// generated by kernels/generate/micro.ts', 'import { ADD, fma, positive, RELU } from "../abi";'];
  for (const family of [affine, packing, pixels, outer, taps]) {
    for (const vectors of [4, 2]) for (const rows of range(6)) lines.push(...kernel(family, rows + 1, vectors));
    lines.push(...dispatcher(family));
  }
  for (const vectors of [4, 2]) for (const rows of range(6)) lines.push(...segmentKernel(rows + 1, vectors));
  lines.push(...dispatcher(segments));
  lines.push(...kernel(affine12, 12, 2));
  return `${lines.join('\n')}\n`;
}
