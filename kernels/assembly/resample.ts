// resample.ts: images whose pixels are weighted sums of other images' pixels, weights a product of one of its row and one of its column:
// up-sampling and resizing, and, under transposed tables, their gradients. Which pixels and weights, the host says.
import { fma } from "./abi";
import { resample as args } from "./generated/arguments";
import { storeUpTo } from "./lanes";

export function resample(d: usize, b: usize, from: i32, to: i32): void {
  const OH = args.OH(d), OW = args.OW(d), C = args.C(d), pixel = <usize>C << 2;
  const rows = args.rows(d, b), rowTaps = args.rowTaps(d, b), columns = args.columns(d, b), columnTaps = args.columnTaps(d, b);
  for (let image = from; image < to; image++) {
    const x = args.x(d, b) + (<usize>(image * args.xImage(d)) << 2);
    for (let oy = 0; oy < OH; oy++) {
      let y = args.y(d, b) + (<usize>(image * args.yImage(d) + oy * args.yRow(d)) << 2);
      const row = rows + (<usize>oy << 2), rowsFrom = load<u32>(row), rowsTo = load<u32>(row, 4);
      for (let ox = 0; ox < OW; ox++) {
        const column = columns + (<usize>ox << 2);
        const first = columnTaps + (<usize>load<u32>(column) << 3), end = columnTaps + (<usize>load<u32>(column, 4) << 3);
        sumPixel(x, rowTaps + (<usize>rowsFrom << 3), rowTaps + (<usize>rowsTo << 3), first, end, y, C);
        y += pixel;
      }
    }
  }
}

/** One pixel. Taps are pairs: byte offset, weight. */
function sumPixel(x: usize, rows: usize, rowsEnd: usize, columns: usize, columnsEnd: usize, y: usize, C: i32): void {
  for (let c = C; c > 0; c -= 8) {
    let s0 = f32x4.splat(0), s1 = s0;
    for (let row = rows; row < rowsEnd; row += 8) {
      const line = x + <usize>load<u32>(row), share = v128.load32_splat(row, 4);
      let r0 = f32x4.splat(0), r1 = r0;
      for (let column = columns; column < columnsEnd; column += 8) {
        const at = line + <usize>load<u32>(column), weight = v128.load32_splat(column, 4);
        r0 = fma(weight, v128.load(at), r0);
        r1 = fma(weight, v128.load(at, 16), r1);
      }
      s0 = fma(share, r0, s0);
      s1 = fma(share, r1, s1);
    }
    if (c >= 8) {
      v128.store(y, s1, 16);
      v128.store(y, s0, 0);
    } else {
      storeUpTo(y, s0, c);
      if (c > 4) storeUpTo(y + 16, s1, c - 4);
    }
    x += 32;
    y += 32;
  }
}
