// gemm.ts: C = activation(A x packed + bias). A tile is ROW_BLOCK rows by one panel.
import { ADD, RELU, rowsOf, scratchOf } from "./abi";
import { copyColumns } from "./columns";
import { gemm as args } from "./generated/arguments";
import { sweepAffine } from "./sweep";
import { ceilDiv, PANEL, PANEL_BYTES, ROW_BLOCK, sumBlock } from "./tile";

/** Panels that one block of A's columns meets before the next: the block and these parts of C stay in L2. */
const OPEN_PANELS: i32 = 16;

export function gemm(d: usize, b: usize, from: i32, to: i32): void {
  const a = args.a(d, b), packed = args.packed(d, b), bias = args.bias(d, b), c = args.c(d, b);
  const M = rowsOf(b) * args.m(d), K = args.K(d), N = args.N(d);
  const as = <usize>args.lda(d) << 2, cs = <usize>args.ldc(d) << 2;
  const hasBias = args.hasBias(d), relu = args.activation(d) == 1 ? RELU : 0;
  const zero = scratchOf(b), tail = zero + PANEL_BYTES;
  memory.fill(zero, 0, PANEL_BYTES);
  const panels = ceilDiv(N, PANEL), block = sumBlock(K);

  for (let open = from, close = from; open < to; open = close) {
    const row = (open / panels) * ROW_BLOCK, rows = min(ROW_BLOCK, M - row);
    close = min(min(to, open + OPEN_PANELS), (open / panels + 1) * panels);
    for (let k = 0; k < K; k += block) {
      const count = min(block, K - k), mode = (k > 0 ? ADD : 0) | (k + count == K ? relu : 0);
      for (let tile = open; tile < close; tile++) {
        const panel = tile % panels, column = panel * PANEL, columns = min(PANEL, N - column);
        const at = c + cs * row + (<usize>column << 2), whole = columns == PANEL;
        sweepAffine(
          a + as * row + (<usize>k << 2), as, packed + PANEL_BYTES * (panel * K + k), PANEL_BYTES, count,
          hasBias && k == 0 ? bias + (<usize>column << 2) : zero,
          whole ? at : tail, whole ? cs : PANEL_BYTES, rows, columns, mode,
        );
        if (!whole && k + count == K) copyColumns(tail, PANEL_BYTES, at, cs, rows, columns);
      }
    }
  }
}
