// pack_panels.ts: W (K, N) -> panels of 16 columns, zero padded. A tile is one panel by PACK_BLOCK rows of K.
import { pack_panels as args } from "./generated/arguments";
import { copyPanels } from "./columns";
import { ceilDiv, PACK_BLOCK, PANEL, PANEL_BYTES } from "./tile";

export function pack_panels(d: usize, b: usize, from: i32, to: i32): void {
  const source = args.source(d, b), packed = args.packed(d, b);
  const K = args.K(d), N = args.N(d), ld = <usize>args.ld(d) << 2, groupStride = <usize>args.groupStride(d) << 2;
  const blocks = ceilDiv(K, PACK_BLOCK), panels = ceilDiv(N, PANEL);
  for (let tile = from; tile < to; tile++) {
    const panel = tile / blocks, column = (panel % panels) * PANEL, first = (tile % blocks) * PACK_BLOCK;
    const p = source + groupStride * (panel / panels) + ld * first + (<usize>column << 2);
    const to = packed + PANEL_BYTES * (panel * K + first);
    copyPanels(p, ld, to, 0, min(PACK_BLOCK, K - first), min(PANEL, N - column));
  }
}
