// transpose.ts: turns rows into columns, four by four. No kernel.

/** to[c][r] = from[r][c] for r < rows, c < columns. Rows of `from` and `to` lie `fs` and `ts` bytes apart. */
export function transpose(from: usize, fs: usize, to: usize, ts: usize, rows: i32, columns: i32): void {
  let r = 0;
  for (; r + 4 <= rows; r += 4) {
    let p = from + fs * r, q = to + (<usize>r << 2), c = 0;
    for (; c + 4 <= columns; c += 4) {
      transpose4(p, fs, q, ts);
      p += 16;
      q += ts << 2;
    }
    for (; c < columns; c++) {
      for (let i: usize = 0; i < 4; i++) store<f32>(q + (i << 2), load<f32>(p + fs * i));
      p += 4;
      q += ts;
    }
  }
  for (; r < rows; r++) {
    let p = from + fs * r, q = to + (<usize>r << 2);
    for (let c = 0; c < columns; c++) {
      store<f32>(q, load<f32>(p));
      p += 4;
      q += ts;
    }
  }
}

// @ts-ignore: decorator
@inline
function transpose4(p: usize, ps: usize, q: usize, qs: usize): void {
  const a = v128.load(p), b = v128.load(p + ps), c = v128.load(p + ps * 2), d = v128.load(p + ps * 3);
  const e = v128.shuffle<f32>(a, b, 0, 4, 1, 5), f = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const g = v128.shuffle<f32>(a, b, 2, 6, 3, 7), h = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(q, v128.shuffle<f32>(e, f, 0, 1, 4, 5));
  v128.store(q + qs, v128.shuffle<f32>(e, f, 2, 3, 6, 7));
  v128.store(q + qs * 2, v128.shuffle<f32>(g, h, 0, 1, 4, 5));
  v128.store(q + qs * 3, v128.shuffle<f32>(g, h, 2, 3, 6, 7));
}
