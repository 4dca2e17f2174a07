// pack_winograd.ts: 3 x 3 weights -> G W G^T in panels [N/16][16][K][16], zero padded: what `winograd` multiplies by. A tile is one panel by
// BLOCK of K.
import { scratchOf } from "./abi";
import { copyColumns } from "./columns";
import { pack_winograd as args } from "./generated/arguments";
import { ceilDiv, PANEL, PANEL_BYTES } from "./tile";
import { transpose } from "./transpose";
import { weights } from "./winograd_transforms";

/** Rows of K that one tile covers (kernels/signatures.ts). */
const BLOCK: i32 = 64;

export function pack_winograd(d: usize, b: usize, from: i32, to: i32): void {
  const source = args.source(d, b), taps = args.taps(d, b), packed = args.packed(d, b);
  const K = args.K(d), N = args.N(d), ld = <usize>args.ld(d) << 2, transposed = args.transposed(d);
  const blocks = ceilDiv(K, BLOCK);
  const plain = scratchOf(b), tapBytes = PANEL_BYTES * BLOCK, half = plain + tapBytes * 9; // [9][k][16], then [4][3][k][16]
  for (let tile = from; tile < to; tile++) {
    const panel = tile / blocks, first = (tile % blocks) * BLOCK, count = min(BLOCK, K - first), floats = PANEL * count;
    const column = panel * PANEL, columns = min(PANEL, N - column);
    if (columns < PANEL) memory.fill(plain, 0, tapBytes * 9);
    for (let tap: usize = 0; tap < 9; tap++) {
      const w = source + <usize>load<u32>(taps + (tap << 2)), q = plain + tapBytes * tap;
      if (transposed) transpose(w + ld * column + (<usize>first << 2), ld, q, PANEL_BYTES, columns, count);
      else copyColumns(w + ld * first + (<usize>column << 2), ld, q, PANEL_BYTES, count, columns);
    }
    const u = packed + PANEL_BYTES * (panel * 16 * K + first), step = PANEL_BYTES * K;
    for (let x: usize = 0; x < 3; x++) weights(plain + tapBytes * x, tapBytes * 3, half + tapBytes * x, tapBytes * 3, floats);
    for (let y: usize = 0; y < 4; y++) weights(half + tapBytes * 3 * y, tapBytes, u + step * 4 * y, step, floats);
  }
}
