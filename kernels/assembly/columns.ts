// columns.ts: moves a tile that was computed 16 wide to where only some columns, or rows by table, may be written. No arithmetic.

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
