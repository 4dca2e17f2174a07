// pack_panels.ts: W (K, N) -> panels of 16 columns, zero padded. A tile is one panel by PACK_BLOCK rows of K.
import { pack_panels as args } from "./generated/arguments";
import { copyFloats } from "./columns";
import { ceilDiv, PACK_BLOCK, PANEL, PANEL_BYTES } from "./tile";

export function pack_panels(d: usize, b: usize, from: i32, to: i32): void {
  const source = args.source(d, b), packed = args.packed(d, b);
  const K = args.K(d), N = args.N(d), ld = <usize>args.ld(d) << 2, groupStride = <usize>args.groupStride(d) << 2;
  const blocks = ceilDiv(K, PACK_BLOCK), panels = ceilDiv(N, PANEL);
  for (let tile = from; tile < to; tile++) {
    const panel = tile / blocks, column = (panel % panels) * PANEL;
    const first = (tile % blocks) * PACK_BLOCK, last = min(K, first + PACK_BLOCK);
    const columns = min(PANEL, N - column);
    let p = source + groupStride * (panel / panels) + ld * first + (<usize>column << 2);
    let q = packed + PANEL_BYTES * (panel * K + first);
    for (let k = first; k < last; k++) {
      if (columns == PANEL) {
        const v0 = v128.load(p), v1 = v128.load(p, 16), v2 = v128.load(p, 32), v3 = v128.load(p, 48);
        v128.store(q, v0);
        v128.store(q, v1, 16);
        v128.store(q, v2, 32);
        v128.store(q, v3, 48);
      } else {
        memory.fill(q, 0, PANEL_BYTES);
        copyFloats(p, q, columns);
      }
      p += ld;
      q += PANEL_BYTES;
    }
  }
}
