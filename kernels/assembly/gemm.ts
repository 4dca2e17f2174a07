// gemm.ts: C = activation(A x W + bias), W row major: some panels of it are copied next to the caches as they are first used, or just
// before, so that nothing is packed ahead. A tile is some rows, at most GEMM_BLOCK, by one panel; of several bundles, all rows by one panel.
import { ADD, arenaOf, BUNDLES, RELU, rowsOf, scratchOf } from "./abi";
import { copyColumns, copyPanels } from "./columns";
import { gemm as args } from "./generated/arguments";
import { sweepAffine, sweepPacking } from "./sweep";
import { ceilDiv, endPanel, firstPanel, GEMM_BLOCK, PANEL, PANEL_BYTES, sumBlock } from "./tile";

/**
 * Panels of W, at most, that all blocks of rows meet before the next panels, in groups as even as can be: so many that W is read in long
 * runs and A seldom (kernels/signatures.ts).
 */
const OPEN_PANELS: i32 = 48;
/** The same where there is one block of rows: what is copied is used once, and longer runs are worth more than a place in the caches. */
const OPEN_PANELS_ONCE: i32 = 64;
/**
 * From so many panels on, the block of A's rows that they meet is copied if its rows are parts of longer ones that lie a page or more
 * apart: they took up the same places in the caches.
 */
const COPY_PANELS: i32 = 16;
const PAGE_BYTES: usize = 4096;
/**
 * Up to this size of W its panels are copied by the first rows that meet them. Of a larger one, which comes from far, whole rows are copied
 * ahead: long runs come faster.
 */
const NEAR_BYTES: usize = 1 << 22;

export function gemm(d: usize, b: usize, from: i32, to: i32): void {
  const blocks = ceilDiv(rowsOf(b) * args.m(d), GEMM_BLOCK), panels = ceilDiv(args.N(d), PANEL);
  const most = ceilDiv(panels, ceilDiv(panels, blocks == 1 ? OPEN_PANELS_ONCE : OPEN_PANELS));
  memory.fill(scratchOf(b), 0, PANEL_BYTES);
  if (load<u32>(b, BUNDLES)) {
    for (let first = from; first < to; first += OPEN_PANELS) {
      const across = min(OPEN_PANELS, to - first);
      group(d, b, first, across, 0, across);
    }
    return;
  }
  for (let open = from, close = from; open < to; open = close) {
    const first = open / (most * blocks) * most, across = min(most, panels - first);
    close = min(to, (first + across) * blocks);
    group(d, b, first, across, open - first * blocks, close - first * blocks);
  }
}

/** Bytes of a copied panel, of an odd number of rows: as many as a power of two would all begin at the same place of a cache. */
// @ts-ignore: decorator
@inline
function panelBytes(rows: i32): usize {
  return PANEL_BYTES * (rows | 1);
}

/** Where block `at` of M rows begins: blocks are as even as can be. M times their number may be more than 32 bits hold. */
// @ts-ignore: decorator
@inline
function firstRow(M: i32, at: i32, blocks: i32): i32 {
  return <i32>(<i64>M * at / blocks);
}

/**
 * Tiles `from` to `to` of `across` panels from panel `first` on: block of rows by block of rows. Of several bundles all rows, one bundle
 * after another.
 */
function group(d: usize, b: usize, first: i32, across: i32, from: i32, to: i32): void {
  const w = args.w(d, b), bias = args.bias(d, b), K = args.K(d), N = args.N(d), block = sumBlock(K);
  const as = <usize>args.lda(d) << 2, ws = <usize>args.ldw(d) << 2, cs = <usize>args.ldc(d) << 2;
  const near = ws * K <= NEAR_BYTES, hasBias = args.hasBias(d), relu = args.activation(d) == 1 ? RELU : 0;
  const zero = scratchOf(b), tail = zero + PANEL_BYTES, packed = tail + PANEL_BYTES * GEMM_BLOCK;
  // a panel that only one block of rows meets need not stay: the next one takes its place in the first cache
  const bundles = <usize>load<u32>(b, BUNDLES), last = bundles + (bundles ? <usize>(load<u32>(bundles) - 1) << 3 : 0);
  const once = near && !bundles && from / across == (to - 1) / across;
  const left = firstPanel(from, to, across), right = endPanel(from, to, across), copy = packed + panelBytes(block) * OPEN_PANELS_ONCE;

  for (let k = 0; k < K; k += block) {
    const count = min(block, K - k), mode = (k > 0 ? ADD : 0) | (k + count == K ? relu : 0);
    const ahead = near ? min(right, N / PANEL - first) : left, start = (first + ahead) * PANEL, next = panelBytes(count);
    if (ahead < right)
      copyPanels(w + ws * k + (<usize>start << 2), ws, packed + next * (ahead - left), next, count, min((right - ahead) * PANEL, N - start));
    for (let list = bundles; list <= last; list += 8) {
      const M = (list ? load<i32>(list, 8) : rowsOf(b)) * args.m(d), blocks = ceilDiv(M, GEMM_BLOCK), end = list ? across * blocks : to;
      const shift = list ? <usize>load<u32>(list, 4) - arenaOf(b) : 0, a = args.a(d, b) + shift, c = args.c(d, b) + shift;
      for (let open = from, close = from; open < end; open = close) {
        const at = open / across, row = firstRow(M, at, blocks), rows = firstRow(M, at + 1, blocks) - row, width = <usize>count << 2;
        close = min(end, (at + 1) * across);
        const copies = close - open >= COPY_PANELS && as >= PAGE_BYTES && count < K, top = a + as * row + (<usize>k << 2);
        if (copies) copyColumns(top, as, copy, width, rows, count);
        for (let tile = open; tile < close; tile++) {
          const column = (first + tile % across) * PANEL, columns = min(PANEL, N - column), whole = columns == PANEL;
          const q = c + cs * row + (<usize>column << 2);
          const p = copies ? copy : top, ps = copies ? width : as, panel = once && whole ? packed : packed + next * (tile % across - left);
          const init = hasBias && k == 0 ? bias + (<usize>column << 2) : zero;
          if (whole && near && list == bundles && tile < from + across)
            sweepPacking(p, ps, w + ws * k + (<usize>column << 2), ws, panel, count, init, q, cs, rows, mode);
          else if (whole) sweepAffine(p, ps, panel, PANEL_BYTES, count, init, q, cs, rows, columns, mode);
          else {
            if (k > 0) copyColumns(q, cs, tail, PANEL_BYTES, rows, columns);
            sweepAffine(p, ps, panel, PANEL_BYTES, count, init, tail, PANEL_BYTES, rows, columns, mode);
            copyColumns(tail, PANEL_BYTES, q, cs, rows, columns);
          }
        }
      }
    }
  }
}
