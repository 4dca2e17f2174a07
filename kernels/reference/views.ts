// views.ts: reference twins of kernels that map views to a view, element by element. Not activations or dropout, no sums.
import { type ReadArguments, readArguments, type Views } from '../abi.ts';
import type { Family } from '../reference.ts';

/** What every map's arguments hold: the view's shape, and the operands' addresses and strides by name. */
export type ViewArguments = { readonly H: number; readonly L: number; readonly at: Readonly<Record<string, number>> };

/** Index of an operand's element (h, l) of an image. */
const indexOf = (a: ViewArguments, name: string, image: number, h: number, l: number): number => {
  const strides = a as unknown as Readonly<Record<string, number>>;
  return (a.at[name]! >> 2) + image * strides[`${name}Image`]! + h * strides[`${name}Row`]! + l;
};

/** Stores `map` of the inputs' elements in `out` for images `from` to `to`. */
export function mapViews(
  memory: Views,
  a: ViewArguments,
  inputs: readonly string[],
  out: string,
  map: (...values: number[]) => number,
  from: number,
  to: number,
) {
  for (let image = from; image < to; image++)
    for (let h = 0; h < a.H; h++)
      for (let l = 0; l < a.L; l++)
        memory.f32[indexOf(a, out, image, h, l)] = map(
          ...inputs.map((name) => memory.f32[indexOf(a, name, image, h, l)]!),
        );
}

function input(memory: Views, a: ReadArguments<'input_f32'>, from: number, to: number, x: (index: number) => number) {
  for (let image = from; image < to; image++)
    for (let h = 0; h < a.H; h++)
      for (let l = 0; l < a.L; l++)
        memory.f32[(a.at.y >> 2) + image * a.yImage + h * a.yRow + l] =
          x(image * a.xImage + h * a.xRow + l) * memory.f32[(a.at.scale >> 2) + l]! +
          memory.f32[(a.at.shift >> 2) + l]!;
}

export const views: Family = (memory) => ({
  copy(d, b, from, to) {
    mapViews(memory, readArguments('copy', memory, d, b), ['x'], 'y', (x) => x, from, to);
  },

  add(d, b, from, to) {
    mapViews(memory, readArguments('add', memory, d, b), ['a', 'b'], 'y', (x, y) => x + y, from, to);
  },

  input_u8(d, b, from, to) {
    const a = readArguments('input_u8', memory, d, b);
    input(memory, a, from, to, (index) => memory.u8[a.at.x + index]!);
  },

  input_f32(d, b, from, to) {
    const a = readArguments('input_f32', memory, d, b);
    input(memory, a, from, to, (index) => memory.f32[(a.at.x >> 2) + index]!);
  },

  input_i32(d, b, from, to) {
    const a = readArguments('input_i32', memory, d, b);
    input(memory, a, from, to, (index) => memory.i32[(a.at.x >> 2) + index]!);
  },

  clear_halo(d, b, from, to) {
    const a = readArguments('clear_halo', memory, d, b);
    for (let image = from; image < to; image++)
      for (let h = -a.top; h < a.H + a.bottom; h++)
        for (let l = -a.left; l < a.L + a.right; l++)
          if (h < 0 || h >= a.H || l < 0 || l >= a.L) memory.f32[(a.at.y >> 2) + image * a.yImage + h * a.yRow + l] = 0;
  },
});
