// strided.ts: reference twins of kernels that walk (A, B, L) by strides: move, combine, sum_product; of pick and of resample. Sums in f64.
import { readArguments } from '../abi.ts';
import type { Family } from '../reference.ts';

const operations: readonly ((a: number, b: number) => number)[] = [
  (a, b) => a + b,
  (a, b) => a - b,
  (a, b) => a * b,
  Math.max,
  Math.min,
];

/** Calls `visit` for every (i, j, l). */
function each(a: { A: number; B: number; L: number }, visit: (i: number, j: number, l: number) => void): void {
  for (let i = 0; i < a.A; i++) for (let j = 0; j < a.B; j++) for (let l = 0; l < a.L; l++) visit(i, j, l);
}

export const strided: Family = (memory) => ({
  move(d, b, from, to) {
    const a = readArguments('move', memory, d, b);
    for (let image = from; image < to; image++)
      each(a, (i, j, l) => {
        const x = (a.at.x >> 2) + image * a.xImage + i * a.xA + j * a.xB + l * a.xL;
        memory.f32[(a.at.y >> 2) + image * a.yImage + i * a.yA + j * a.yB + l * a.yL] = memory.f32[x]!;
      });
  },

  combine(d, b, from, to) {
    const a = readArguments('combine', memory, d, b);
    for (let image = from; image < to; image++)
      each(a, (i, j, l) => {
        const left = memory.f32[(a.at.a >> 2) + image * a.aImage + i * a.aA + j * a.aB + l * a.aL]!;
        const right = memory.f32[(a.at.b >> 2) + image * a.bImage + i * a.bA + j * a.bB + l * a.bL]!;
        memory.f32[(a.at.y >> 2) + image * a.yImage + i * a.yA + j * a.yB + l] = operations[a.operation]!(left, right);
      });
  },

  sum_product(d, b, from, to) {
    const a = readArguments('sum_product', memory, d, b);
    for (let image = from; image < to; image++) {
      const sums = new Map<number, number>();
      each(a, (i, j, l) => {
        const left = memory.f32[(a.at.a >> 2) + image * a.aImage + i * a.aA + j * a.aB + l * a.aL]!;
        const right = memory.f32[(a.at.b >> 2) + image * a.bImage + i * a.bA + j * a.bB + l * a.bL]!;
        const kept = [a.over & 1 ? 0 : i * a.yA, a.over & 2 ? 0 : j * a.yB, a.over & 4 ? 0 : l] as const;
        const y = (a.at.y >> 2) + image * a.yImage + kept[0] + kept[1] + kept[2];
        sums.set(y, (sums.get(y) ?? 0) + left * right);
      });
      for (const [y, sum] of sums) memory.f32[y] = sum;
    }
  },

  pick(d, b, from, to) {
    const a = readArguments('pick', memory, d, b);
    for (let image = from; image < to; image++)
      for (let h = 0; h < a.H; h++)
        for (let l = 0; l < a.L; l++) {
          const x = memory.f32[(a.at.x >> 2) + image * a.xImage + h * a.xRow + l]!;
          const y = memory.f32[(a.at.y >> 2) + image * a.yImage + h * a.yRow + l]!;
          const dy = memory.f32[(a.at.dy >> 2) + image * a.dyImage + h * a.dyRow + l]!;
          memory.f32[(a.at.dx >> 2) + image * a.dxImage + h * a.dxRow + l] = (x === y) === (a.others === 0) ? dy : 0;
        }
  },

  resample(d, b, from, to) {
    const a = readArguments('resample', memory, d, b);
    /** Taps of line i: float offsets and weights. */
    const taps = (starts: number, table: number, i: number) => {
      const [first, end] = [memory.u32[(starts >> 2) + i]!, memory.u32[(starts >> 2) + i + 1]!];
      return Array.from({ length: end - first }, (_, k) => {
        const at = (table >> 2) + 2 * (first + k);
        return { at: memory.u32[at]! >> 2, weight: memory.f32[at + 1]! };
      });
    };
    for (let image = from; image < to; image++)
      for (let oy = 0; oy < a.OH; oy++)
        for (let ox = 0; ox < a.OW; ox++)
          for (let c = 0; c < a.C; c++) {
            let sum = 0;
            for (const row of taps(a.at.rows, a.at.rowTaps, oy))
              for (const column of taps(a.at.columns, a.at.columnTaps, ox))
                sum +=
                  row.weight * column.weight * memory.f32[(a.at.x >> 2) + image * a.xImage + row.at + column.at + c]!;
            memory.f32[(a.at.y >> 2) + image * a.yImage + oy * a.yRow + ox * a.C + c] = sum;
          }
  },
});
