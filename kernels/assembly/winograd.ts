// winograd.ts: 3 x 3 convolution of stride 1 by F(2x2, 3x3), forward and dX alike: 16 products where the direct form takes 36, and as
// exact (kernels/reference/winograd.ts states it). A tile is `block` patches of 2 x 2 results, all panels.
import { ADD, positive, rowsOf, scratchOf } from "./abi";
import { winograd as args } from "./generated/arguments";
import { storeUpTo } from "./lanes";
import { sweepAffine } from "./sweep";
import { PANEL, PANEL_BYTES, sumBlock } from "./tile";
import { results, samples } from "./winograd_transforms";

/** Columns of results that are made at once: a block's products with them stay in the second-level cache. */
const WIDTH: i32 = 64;
const WIDTH_BYTES: usize = 256;

export function winograd(d: usize, b: usize, from: i32, to: i32): void {
  const x = args.x(d, b), packed = args.packed(d, b), y = args.y(d, b), bias = args.bias(d, b);
  const H = args.H(d), W = args.W(d), C = args.C(d), N = args.N(d), block = args.block(d);
  const xRow = <usize>args.xRow(d) << 2, xImage = <usize>args.xImage(d) << 2;
  const yRow = <usize>args.yRow(d) << 2, yImage = <usize>args.yImage(d) << 2;
  const hasBias = args.hasBias(d), relu = args.activation(d) == 1;
  const across = (W + 1) >> 1, perImage = ((H + 1) >> 1) * across, total = rowsOf(b) * perImage;
  const pixel = <usize>C << 2, wide = (C + 7) & ~7, row = <usize>wide << 2, sums = sumBlock(C);
  // scratch: a row of zeroes | one patch half transformed | samples [16][block][wide] | products [16][block][WIDTH]
  const zero = scratchOf(b), patch = zero + WIDTH_BYTES, v = patch + 16 * max(row, WIDTH_BYTES);
  const vStep = row * block, m = v + 16 * vStep, mStep = WIDTH_BYTES * block;
  memory.fill(zero, 0, WIDTH_BYTES);

  for (let tile = from; tile < to; tile++) {
    const first = tile * block, count = min(block, total - first);
    for (let t = 0; t < count; t++) {
      const image = (first + t) / perImage, rest = (first + t) % perImage;
      const at = x + xImage * image + (xRow * (rest / across) << 1) + (pixel * (rest % across) << 1);
      for (let j: usize = 0; j < 4; j++) samples(at + pixel * j, xRow, patch + row * j, row << 2, wide);
      for (let i: usize = 0; i < 4; i++) samples(patch + (row << 2) * i, row, v + vStep * 4 * i + row * t, vStep, wide);
    }
    for (let column = 0; column < N; column += WIDTH) {
      const columns = min(WIDTH, N - column);
      for (let f: usize = 0; f < 16; f++) {
        for (let p = 0; p < columns; p += PANEL) {
          const u = packed + PANEL_BYTES * ((column + p) * C) + PANEL_BYTES * f * C, q = m + mStep * f + (<usize>p << 2);
          for (let k = 0; k < C; k += sums) {
            sweepAffine(
              v + vStep * f + (<usize>k << 2), row, u + PANEL_BYTES * k, PANEL_BYTES, min(sums, C - k), zero,
              q, WIDTH_BYTES, count, PANEL, k > 0 ? ADD : 0,
            );
          }
        }
      }
      const init = hasBias ? bias + (<usize>column << 2) : zero;
      for (let t = 0; t < count; t++) {
        const image = (first + t) / perImage, rest = (first + t) % perImage;
        const top = rest / across << 1, left = rest % across << 1, p = m + WIDTH_BYTES * t;
        for (let j: usize = 0; j < 4; j++) {
          results(p + mStep * j, mStep << 2, patch + WIDTH_BYTES * j, WIDTH_BYTES << 2, columns);
        }
        const at = y + yImage * image + yRow * top + (<usize>(left * N + column) << 2);
        finish(patch, init, at, N, columns, left + 1 < W, relu);
        if (top + 1 < H) finish(patch + (WIDTH_BYTES << 2), init, at + yRow, N, columns, left + 1 < W, relu);
      }
    }
  }
}

/** The second transform, of one row of results: two pixels, or one at the right edge, with bias and relu. */
// @ts-ignore: decorator
@inline
function finish(from: usize, bias: usize, y: usize, N: i32, columns: i32, both: bool, relu: bool): void {
  const low = relu ? f32x4.splat(0) : f32x4.splat(-Infinity), next = both ? <usize>N << 2 : 0;
  for (; columns >= 8; columns -= 8) {
    const d0 = v128.load(from), e0 = v128.load(from, 16);
    const d1 = v128.load(from, 256), e1 = v128.load(from, 272);
    const d2 = v128.load(from, 512), e2 = v128.load(from, 528);
    const d3 = v128.load(from, 768), e3 = v128.load(from, 784);
    const i0 = v128.load(bias), i1 = v128.load(bias, 16);
    const y0 = f32x4.add(f32x4.add(f32x4.add(d0, d1), d2), i0), z0 = f32x4.add(f32x4.add(f32x4.add(e0, e1), e2), i1);
    const y1 = f32x4.add(f32x4.sub(f32x4.sub(d1, d2), d3), i0), z1 = f32x4.add(f32x4.sub(f32x4.sub(e1, e2), e3), i1);
    // the right pixel first: where there is none, the left one's result stays
    v128.store(y + next, f32x4.pmax(z1, low), 16);
    v128.store(y + next, f32x4.pmax(y1, low));
    v128.store(y, f32x4.pmax(z0, low), 16);
    v128.store(y, f32x4.pmax(y0, low));
    from += 32;
    bias += 32;
    y += 32;
  }
  for (; columns > 0; columns -= 4) {
    const d0 = v128.load(from), d1 = v128.load(from, 256), d2 = v128.load(from, 512), d3 = v128.load(from, 768);
    const i0 = v128.load(bias);
    const y0 = f32x4.add(f32x4.add(f32x4.add(d0, d1), d2), i0), y1 = f32x4.add(f32x4.sub(f32x4.sub(d1, d2), d3), i0);
    storeUpTo(y + next, f32x4.pmax(y1, low), columns);
    storeUpTo(y, f32x4.pmax(y0, low), columns);
    from += 16;
    bias += 16;
    y += 16;
  }
}
