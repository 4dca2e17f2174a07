// gemm_nt.ts: dX = dY x W^T, as W's rows times dY's packed transpose, then turned. A tile is ROW_BLOCK rows of W by one slice of dY.
import { ADD, rowsOf, scratchOf } from "./abi";
import { isFar, touch } from "./far";
import { gemm_nt as args } from "./generated/arguments";
import { sweepAffine } from "./sweep";
import { ceilDiv, PANEL_BYTES, ROW_BLOCK, sumBlock } from "./tile";
import { transpose } from "./transpose";

/** Slices of dY that one block of W's rows meets before the next: W is read once for all of them. */
const OPEN_SLICES: i32 = 8;
/**
 * Rows of W less than so many bytes apart are asked for one after another where W is far: the kernel reads six side by side, and such short
 * ones end before a core sees where they lead.
 */
const FAR_ROW: usize = 1024;

export function gemm_nt(d: usize, b: usize, from: i32, to: i32): void {
  const w = args.w(d, b), packed = args.packedT(d, b), dx = args.dx(d, b);
  const M = rowsOf(b) * args.m(d), K = args.K(d), N = args.N(d), width = args.width(d);
  const ws = <usize>args.ldw(d) << 2, xs = <usize>args.ldx(d) << 2, step = <usize>width << 2;
  const zero = scratchOf(b), turned = zero + PANEL_BYTES;
  memory.fill(zero, 0, PANEL_BYTES);
  const blocks = ceilDiv(K, ROW_BLOCK), slices = ceilDiv(M, width), block = sumBlock(N), far = isFar(K, ws, FAR_ROW);
  for (let tile = from; tile < to; tile++) {
    const group = tile / (OPEN_SLICES * blocks) * OPEN_SLICES, across = min(OPEN_SLICES, slices - group);
    const inside = tile - group * blocks, slice = group + inside % across, first = inside / across * ROW_BLOCK;
    const rows = min(ROW_BLOCK, K - first);
    if (far && (slice == group || tile == from)) touch(w + ws * first, ws, rows, <usize>N << 2);
    for (let n = 0; n < N; n += block) {
      const p = w + ws * first + (<usize>n << 2), q = packed + step * (slice * N + n);
      sweepAffine(p, ws, q, step, min(block, N - n), zero, turned, step, rows, width, n > 0 ? ADD : 0);
    }
    const row = slice * width;
    transpose(turned, step, dx + xs * row + (<usize>first << 2), xs, rows, min(width, M - row));
  }
}
