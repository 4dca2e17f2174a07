// gemm.ts: C = activation(A x packed + bias). A tile is ROW_BLOCK rows by one panel; panels follow each other, so that A stays in L2.
import { RELU, rowsOf, scratchOf } from "./abi";
import { copyColumns } from "./columns";
import { gemm as args } from "./generated/arguments";
import { sweepAffine } from "./sweep";
import { ceilDiv, PANEL, PANEL_BYTES, ROW_BLOCK } from "./tile";

export function gemm(d: usize, b: usize, from: i32, to: i32): void {
  const a = args.a(d, b), packed = args.packed(d, b), bias = args.bias(d, b), c = args.c(d, b);
  const M = rowsOf(b) * args.m(d), K = args.K(d), N = args.N(d);
  const as = <usize>args.lda(d) << 2, cs = <usize>args.ldc(d) << 2;
  const hasBias = args.hasBias(d), mode = args.activation(d) == 1 ? RELU : 0;
  const zero = scratchOf(b), tail = zero + PANEL_BYTES;
  memory.fill(zero, 0, PANEL_BYTES);
  const panels = ceilDiv(N, PANEL);
  for (let tile = from; tile < to; tile++) {
    const panel = tile % panels, row = (tile / panels) * ROW_BLOCK;
    const rows = min(ROW_BLOCK, M - row), column = panel * PANEL, columns = min(PANEL, N - column);
    const at = c + cs * row + (<usize>column << 2);
    const whole = columns == PANEL;
    sweepAffine(
      a + as * row, as, packed + PANEL_BYTES * (panel * K), PANEL_BYTES, K,
      hasBias ? bias + (<usize>column << 2) : zero, zero,
      whole ? at : tail, whole ? cs : PANEL_BYTES, rows, columns, mode,
    );
    if (!whole) copyColumns(tail, PANEL_BYTES, at, cs, rows, columns);
  }
}
