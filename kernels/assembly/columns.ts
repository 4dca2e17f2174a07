// columns.ts: moves columns of matrices to panels of 16 and back. No arithmetic.
import { PANEL, PANEL_BYTES } from "./tile";

/** Copies `columns` floats of each of `rows` rows. Rows lie `fs` and `ts` bytes apart. */
export function copyColumns(from: usize, fs: usize, to: usize, ts: usize, rows: i32, columns: i32): void {
  for (let r = 0; r < rows; r++) {
    copyFloats(from, to, columns);
    from += fs;
    to += ts;
  }
}

// @ts-ignore: decorator
@inline
export function copyFloats(from: usize, to: usize, count: i32): void {
  let n = count;
  for (; n >= PANEL; n -= PANEL) {
    copyRow(from, to);
    from += PANEL_BYTES;
    to += PANEL_BYTES;
  }
  for (; n >= 4; n -= 4) {
    v128.store(to, v128.load(from));
    from += 16;
    to += 16;
  }
  for (; n > 0; n--) {
    store<f32>(to, load<f32>(from));
    from += 4;
    to += 4;
  }
}

/** One row of a panel. Upper halves first: V8 fuses such pairs (generate/micro.ts). */
// @ts-ignore: decorator
@inline
function copyRow(from: usize, to: usize): void {
  const v0 = v128.load(from), v1 = v128.load(from, 16), v2 = v128.load(from, 32), v3 = v128.load(from, 48);
  v128.store(to, v3, 48);
  v128.store(to, v2, 32);
  v128.store(to, v1, 16);
  v128.store(to, v0);
}

/** Copies `columns` floats of each of `rows` rows, `fs` bytes apart, to panels `next` bytes apart, zero padded. */
export function copyPanels(from: usize, fs: usize, to: usize, next: usize, rows: i32, columns: i32): void {
  for (let r = 0; r < rows; r++) {
    let p = from, q = to, n = columns;
    for (; n >= PANEL; n -= PANEL) {
      copyRow(p, q);
      p += PANEL_BYTES;
      q += next;
    }
    if (n > 0) {
      const zero = f32x4.splat(0);
      v128.store(q, zero, 48);
      v128.store(q, zero, 32);
      v128.store(q, zero, 16);
      v128.store(q, zero);
      copyFloats(p, q, n);
    }
    from += fs;
    to += PANEL_BYTES;
  }
}
