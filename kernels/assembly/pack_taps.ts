// pack_taps.ts: W (tap, N, K) -> panels [T * K][16] of its transposes, zero padded. A tile is one panel by one tap.
import { pack_taps as args } from "./generated/arguments";
import { transpose } from "./transpose";
import { ceilDiv, PANEL, PANEL_BYTES } from "./tile";

export function pack_taps(d: usize, b: usize, from: i32, to: i32): void {
  const source = args.source(d, b), taps = args.taps(d, b), packed = args.packed(d, b);
  const T = args.T(d), K = args.K(d), N = args.N(d), ld = <usize>args.ld(d) << 2;
  const groupStride = <usize>args.groupStride(d) << 2, panels = ceilDiv(N, PANEL);
  for (let tile = from; tile < to; tile++) {
    const panel = tile / T, tap = tile % T, first = (panel % panels) * PANEL;
    const p = source + <usize>load<u32>(taps + (<usize>tap << 2)) + groupStride * (panel / panels) + ld * first;
    const q = packed + PANEL_BYTES * (tile * K);
    const rows = min(PANEL, N - first);
    if (rows < PANEL) memory.fill(q, 0, PANEL_BYTES * K);
    transpose(p, ld, q, PANEL_BYTES, rows, K);
  }
}
