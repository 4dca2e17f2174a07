// micro.ts: writes the unrolled micro-kernels: R rows of C by 8 or 16 columns, all sums in registers. No loops over tiles: drivers
// (assembly/gemm.ts, conv.ts and so on) do that. One k a turn and A unpacked: unrolling k or packing A measured slower.
//
// The revectorizer fuses two v128 operations into one of 256 bits where it finds stores 16 bytes apart off one base. So: vectors of
// a row stand together, every load comes before the first store, and each kernel has one set of stores.

/** What a family of micro-kernels differs in. `left` is the address of row r's value at this k. */
interface Family {
  readonly name: string;
  readonly parameters: (rows: number, vectors: number) => readonly string[];
  readonly setup: (rows: number) => readonly string[];
  /** Opens and closes the loops around one k. */
  readonly open: readonly string[];
  readonly close: (rows: number, vectors: number) => readonly string[];
  readonly left: (row: number) => string;
  readonly right: string;
  /** Address of row r of the result. */
  readonly result: (rows: number) => readonly string[];
  readonly epilogue: readonly ('add' | 'relu')[];
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const each = (rows: number, line: (row: number) => string): string => range(rows).map(line).join(' ');
const chain = (name: string, first: string, stride: string) => (rows: number) => [
  each(rows, (r) => (r === 0 ? `let ${name}0 = ${first};` : `let ${name}${r} = ${name}${r - 1} + ${stride};`)),
];

/** C = A x panel: rows of A lie `as` bytes apart. `step`: bytes from one k of the panel to the next. */
const affine: Family = {
  name: 'affine',
  parameters: () => [
    'a: usize',
    'as: usize',
    'panel: usize',
    'step: usize',
    'k: i32',
    'init: usize',
    'c: usize',
    'cs: usize',
    'mode: i32',
  ],
  setup: chain('p', 'a', 'as'),
  open: ['for (; k > 0; k--) {'],
  close: (rows) => [`${each(rows, (r) => `p${r} += 4;`)} panel += step;`, '}'],
  left: (r) => `p${r}`,
  right: 'panel',
  result: chain('q', 'c', 'cs'),
  epilogue: ['add', 'relu'],
};

/** Pixels by table: row r reads `runs` runs of `len` floats from x + xTable[r] and is stored at y + yTable[r]. */
const pixels: Family = {
  name: 'pixels',
  parameters: () => [
    'x: usize',
    'xTable: usize',
    'panel: usize',
    'skips: usize',
    'runs: i32',
    'len: i32',
    'init: usize',
    'y: usize',
    'yTable: usize',
    'mode: i32',
  ],
  setup: (rows) => [each(rows, (r) => `let p${r} = x + <usize>load<u32>(xTable, ${4 * r});`)],
  open: ['for (; runs > 0; runs--) {', 'for (let k = len; k > 0; k--) {'],
  close: (rows) => [
    `${each(rows, (r) => `p${r} += 4;`)} panel += 64;`,
    '}',
    `const skip = load<i32>(skips); skips += 4; ${each(rows, (r) => `p${r} += skip;`)}`,
    '}',
  ],
  left: (r) => `p${r}`,
  right: 'panel',
  result: (rows) => [each(rows, (r) => `const q${r} = y + <usize>load<u32>(yTable, ${4 * r});`)],
  epilogue: ['relu'],
};

/** Outer products: out (R, columns) = sum over k of a[k][r] * b[k]; the R values of a k stand side by side. */
const outer: Family = {
  name: 'outer',
  parameters: () => [
    'a: usize',
    'as: usize',
    'b: usize',
    'bs: usize',
    'k: i32',
    'out: usize',
    'os: usize',
    'mode: i32',
  ],
  setup: () => [],
  open: ['for (; k > 0; k--) {'],
  close: () => ['a += as; b += bs;', '}'],
  left: (r) => `a, ${4 * r}`,
  right: 'b',
  result: chain('q', 'out', 'os'),
  epilogue: ['add'],
};

/** Outer products over `runs` rows of `len` pixels: out (R, columns) = sum of x[pixel + table[r]] * b[pixel]. */
const taps: Family = {
  name: 'taps',
  parameters: () => [
    'x: usize',
    'table: usize',
    'xs: usize',
    'xSkip: usize',
    'b: usize',
    'bs: usize',
    'bSkip: usize',
    'runs: i32',
    'len: i32',
    'out: usize',
    'os: usize',
    'mode: i32',
  ],
  setup: (rows) => [each(rows, (r) => `let p${r} = x + <usize>load<u32>(table, ${4 * r});`)],
  open: ['for (; runs > 0; runs--) {', 'for (let k = len; k > 0; k--) {'],
  close: (rows) => [
    `${each(rows, (r) => `p${r} += xs;`)} b += bs;`,
    '}',
    `${each(rows, (r) => `p${r} += xSkip;`)} b += bSkip;`,
    '}',
  ],
  left: (r) => `p${r}`,
  right: 'b',
  result: chain('q', 'out', 'os'),
  epilogue: ['add'],
};

function kernel(family: Family, rows: number, vectors: number): string[] {
  const vs = range(vectors);
  const all = (line: (r: number, v: number) => string): string[] =>
    range(rows).map((r) => `  ${vs.map((v) => line(r, v)).join(' ')}`);
  const fromInit = family.parameters(rows, vectors).some((p) => p.startsWith('init:'));
  return [
    `export function ${family.name}${rows}x${4 * vectors}(${family.parameters(rows, vectors).join(', ')}): void {`,
    ...family.setup(rows).map((line) => `  ${line}`),
    fromInit ? `  ${vs.map((v) => `const i${v} = v128.load(init, ${16 * v});`).join(' ')}` : '',
    ...all((r, v) => `let c${r}_${v} = ${fromInit ? `i${v}` : 'f32x4.splat(0)'};`),
    ...family.open.map((line) => `  ${line}`),
    `    ${vs.map((v) => `const b${v} = v128.load(${family.right}, ${16 * v});`).join(' ')}`,
    ...range(rows).flatMap((r) => [
      `    const a${r} = v128.load32_splat(${family.left(r)});`,
      `    ${vs.map((v) => `c${r}_${v} = fma(a${r}, b${v}, c${r}_${v});`).join(' ')}`,
    ]),
    ...family.close(rows, vectors).map((line) => `  ${line}`),
    ...family.result(rows).map((line) => `  ${line}`),
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
    ...all((r, v) => `v128.store(q${r}, c${r}_${v}, ${16 * v});`),
    '}',
    '',
  ].filter((line) => line !== '');
}

const argumentsOf = (family: Family) => family.parameters(0, 0).map((p) => p.split(':')[0]!);

/** `affine(rows, wide, ...)`: calls the micro-kernel of so many rows, 16 wide or 8. */
function dispatcher(family: Family): string[] {
  const call = (rows: number, width: number) => `${family.name}${rows}x${width}(${argumentsOf(family).join(', ')});`;
  const byRows = (width: number) => [
    `    if (rows == 6) ${call(6, width)}`,
    ...[5, 4, 3, 2].map((rows) => `    else if (rows == ${rows}) ${call(rows, width)}`),
    `    else ${call(1, width)}`,
  ];
  return [
    '// @ts-ignore: decorator',
    `@inline export function ${family.name}(rows: i32, wide: bool, ${family.parameters(0, 0).join(', ')}): void {`,
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
  for (const family of [affine, pixels, outer, taps]) {
    for (const vectors of [4, 2]) for (const rows of range(6)) lines.push(...kernel(family, rows + 1, vectors));
    lines.push(...dispatcher(family));
  }
  lines.push(...kernel(affine, 12, 2));
  return `${lines.join('\n')}\n`;
}
