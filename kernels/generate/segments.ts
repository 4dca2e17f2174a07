// segments.ts: writes the micro-kernels of `gemm_tn`: outer products like micro.ts's `outer`, but over several runs of k whose sums are
// added in a tree meanwhile. One call for all runs: a run of eight k is too short to pay for a call of its own.

export const segments = {
  name: 'segments',
  parameters:
    'a: usize, as: usize, b: usize, bs: usize, program: usize, runs: i32, stack: usize, level: usize, more: usize, out: usize, os: usize, mode: i32',
} as const;

/** k of one turn of the innermost loop of the largest kernels whose pointers move by what only the call knows: 8 measured no faster than one. */
export const UNROLL_APART = 4;

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/**
 * out (rows, columns) = the sum that `program` makes of runs of k. An entry: u32 k of the run, u32 how many sums on the stack, nearest
 * first, are added to it before it takes their place. After the last run the rows at `more` are added in mode ADD. What micro.ts says
 * about the revectorizer holds: one set of stores, upper halves first.
 */
export function segmentKernel(rows: number, vectors: number): string[] {
  const all = (line: (r: number, v: number) => string): string =>
    range(rows)
      .flatMap((r) => range(vectors).map((v) => line(r, v)))
      .join(' ');
  const chain = (name: string, first: string, stride: string): string =>
    range(rows)
      .map((r) => `const ${name}${r} = ${r === 0 ? first : `${name}${r - 1} + ${stride}`};`)
      .join(' ');
  const vectorwise = (line: (v: number) => string): string => range(vectors).map(line).join(' ');
  const unroll = rows >= 5 ? UNROLL_APART : 1;
  const upper = (v: number): number => vectors - 1 - v;
  return [
    `export function segments${rows}x${4 * vectors}(${segments.parameters}): void {`,
    '  for (; runs > 0; runs--) {',
    `    ${all((r, v) => `let c${r}_${v} = f32x4.splat(0);`)}`,
    `    for (let k = load<i32>(program); k > 0; k -= ${unroll}) {`,
    ...range(unroll).flatMap((u) => [
      ...(u === 0 ? [] : [`      if (k == ${u}) break;`]),
      '      {',
      `      ${vectorwise((v) => `const b${v} = v128.load(b, ${16 * v});`)}`,
      ...range(rows).flatMap((r) => [
        `      const a${r} = v128.load32_splat(a, ${4 * r});`,
        `      ${vectorwise((v) => `c${r}_${v} = fma(a${r}, b${v}, c${r}_${v});`)}`,
      ]),
      '      a += as; b += bs;',
      '      }',
    ]),
    '    }',
    '    for (let sums = load<i32>(program, 4); sums > 0; sums--) {',
    '      stack -= level;',
    `      ${all((r, v) => `c${r}_${v} = f32x4.add(v128.load(stack, ${64 * r + 16 * v}), c${r}_${v});`)}`,
    '    }',
    '    let to = stack, stride: usize = 64;',
    '    if (runs == 1) {',
    '      to = out; stride = os;',
    '      if (mode & ADD) {',
    `        ${chain('m', 'more', 'os')}`,
    `        ${all((r, v) => `c${r}_${v} = f32x4.add(v128.load(m${r}, ${16 * v}), c${r}_${v});`)}`,
    '      }',
    '    }',
    `    ${chain('q', 'to', 'stride')}`,
    `    ${all((r, v) => `v128.store(q${r}, c${r}_${upper(v)}, ${16 * upper(v)});`)}`,
    '    stack += level;',
    '    program += 8;',
    '  }',
    '}',
  ];
}
