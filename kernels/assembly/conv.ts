// conv.ts: convolution by offset tables, no im2col; forward and dX alike. A tile is ROW_BLOCK pixels of one image, all groups and panels.
import { RELU, scratchOf } from "./abi";
import { copyFloats } from "./columns";
import { conv as args } from "./generated/arguments";
import { sweepPixels } from "./sweep";
import { ceilDiv, PANEL, PANEL_BYTES, ROW_BLOCK } from "./tile";

export function conv(d: usize, b: usize, from: i32, to: i32): void {
  const x = args.x(d, b), packed = args.packed(d, b), bias = args.bias(d, b), y = args.y(d, b);
  const xTable = args.xTable(d, b), yTable = args.yTable(d, b), skips = args.skips(d, b);
  const pixels = args.pixels(d), runs = args.runs(d), len = args.len(d), N = args.N(d), groups = args.groups(d);
  const xImage = <usize>args.xImage(d) << 2, yImage = <usize>args.yImage(d) << 2;
  const xGroup = <usize>args.xGroup(d) << 2, yGroup = <usize>args.yGroup(d) << 2;
  const hasBias = args.hasBias(d), mode = args.activation(d) == 1 ? RELU : 0;
  const zero = scratchOf(b), rowTable = zero + PANEL_BYTES, tail = rowTable + (<usize>ROW_BLOCK << 2);
  memory.fill(zero, 0, PANEL_BYTES);
  for (let i = 0; i < ROW_BLOCK; i++) store<u32>(rowTable + (<usize>i << 2), i << 6);

  const blocks = ceilDiv(pixels, ROW_BLOCK), panels = ceilDiv(N, PANEL);
  const panelBytes = PANEL_BYTES * (runs * len);
  for (let tile = from; tile < to; tile++) {
    const image = tile / blocks, first = (tile % blocks) * ROW_BLOCK, count = min(ROW_BLOCK, pixels - first);
    const xt = xTable + (<usize>first << 2), yt = yTable + (<usize>first << 2);
    let panel = packed;
    for (let group = 0; group < groups; group++) {
      const from = x + xImage * image + xGroup * group, to = y + yImage * image + yGroup * group;
      for (let column = 0; column < N; column += PANEL) {
        const columns = min(PANEL, N - column), at = <usize>column << 2;
        const init = hasBias ? bias + (<usize>(group * N) << 2) + at : zero;
        if (columns == PANEL) {
          sweepPixels(from, xt, panel, skips, runs, len, init, to + at, yt, count, columns, mode);
        } else {
          sweepPixels(from, xt, panel, skips, runs, len, init, tail, rowTable, count, columns, mode);
          for (let i: usize = 0; i < <usize>count; i++) {
            copyFloats(tail + PANEL_BYTES * i, to + at + <usize>load<u32>(yt + (i << 2)), columns);
          }
        }
        panel += panelBytes;
      }
    }
  }
}
