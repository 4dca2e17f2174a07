// winograd_transforms.ts: the one-dimensional transforms of Winograd's F(2, 3), each over runs of floats; two-dimensional ones are
// two of them in turn, but for `spread`: its runs are short. Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural
// Networks" (2015), arXiv 1509.09308. No kernel.
//
// Every function reads vectors `fs` bytes apart, writes vectors `ts` bytes apart, and does so for `n` floats, rounded up to eights.
// Two vectors of four side by side, the upper stored first: that is what the revectorizer fuses (kernels/generate/micro.ts).

/** Samples: to = B^T from, 4 -> 4. */
export function samples(from: usize, fs: usize, to: usize, ts: usize, n: i32): void {
  const fs2 = fs << 1, fs3 = fs + fs2, ts2 = ts << 1, ts3 = ts + ts2;
  for (; n > 0; n -= 8) {
    const d0 = v128.load(from), e0 = v128.load(from, 16);
    const d1 = v128.load(from + fs), e1 = v128.load(from + fs, 16);
    const d2 = v128.load(from + fs2), e2 = v128.load(from + fs2, 16);
    const d3 = v128.load(from + fs3), e3 = v128.load(from + fs3, 16);
    const y0 = f32x4.sub(d0, d2), z0 = f32x4.sub(e0, e2);
    const y1 = f32x4.add(d1, d2), z1 = f32x4.add(e1, e2);
    const y2 = f32x4.sub(d2, d1), z2 = f32x4.sub(e2, e1);
    const y3 = f32x4.sub(d1, d3), z3 = f32x4.sub(e1, e3);
    v128.store(to, z0, 16);
    v128.store(to, y0);
    v128.store(to + ts, z1, 16);
    v128.store(to + ts, y1);
    v128.store(to + ts2, z2, 16);
    v128.store(to + ts2, y2);
    v128.store(to + ts3, z3, 16);
    v128.store(to + ts3, y3);
    from += 32;
    to += 32;
  }
}

/** Products back to results: to = A^T from, 4 -> 2. */
export function results(from: usize, fs: usize, to: usize, ts: usize, n: i32): void {
  const fs2 = fs << 1, fs3 = fs + fs2;
  for (; n > 0; n -= 8) {
    const d0 = v128.load(from), e0 = v128.load(from, 16);
    const d1 = v128.load(from + fs), e1 = v128.load(from + fs, 16);
    const d2 = v128.load(from + fs2), e2 = v128.load(from + fs2, 16);
    const d3 = v128.load(from + fs3), e3 = v128.load(from + fs3, 16);
    const y0 = f32x4.add(f32x4.add(d0, d1), d2), z0 = f32x4.add(f32x4.add(e0, e1), e2);
    const y1 = f32x4.sub(f32x4.sub(d1, d2), d3), z1 = f32x4.sub(f32x4.sub(e1, e2), e3);
    v128.store(to, z0, 16);
    v128.store(to, y0);
    v128.store(to + ts, z1, 16);
    v128.store(to + ts, y1);
    from += 32;
    to += 32;
  }
}

/**
 * Gradients of 2 x 2 results, both dimensions at once: A from A^T, 2 x 2 -> 4 x 4. From two pixels, `pixel` bytes apart, of two rows;
 * to vectors `ts` bytes apart, row by row.
 */
export function spread(from: usize, row: usize, pixel: usize, to: usize, ts: usize, n: i32): void {
  const ts4 = ts << 2;
  for (; n > 0; n -= 8) {
    const a0 = v128.load(from), a1 = v128.load(from, 16), b0 = v128.load(from + pixel), b1 = v128.load(from + pixel, 16);
    const down = from + row;
    const c0 = v128.load(down), c1 = v128.load(down, 16), d0 = v128.load(down + pixel), d1 = v128.load(down + pixel, 16);
    spreadLine(a0, a1, b0, b1, to, ts);
    spreadLine(f32x4.add(a0, c0), f32x4.add(a1, c1), f32x4.add(b0, d0), f32x4.add(b1, d1), to + ts4, ts);
    spreadLine(f32x4.sub(a0, c0), f32x4.sub(a1, c1), f32x4.sub(b0, d0), f32x4.sub(b1, d1), to + (ts4 << 1), ts);
    spreadLine(f32x4.neg(c0), f32x4.neg(c1), f32x4.neg(d0), f32x4.neg(d1), to + (ts4 << 1) + ts4, ts);
    from += 32;
    to += 32;
  }
}

// @ts-ignore: decorator
@inline
function spreadLine(a0: v128, a1: v128, b0: v128, b1: v128, to: usize, ts: usize): void {
  const ts2 = ts << 1, ts3 = ts + ts2;
  v128.store(to, a1, 16);
  v128.store(to, a0);
  v128.store(to + ts, f32x4.add(a1, b1), 16);
  v128.store(to + ts, f32x4.add(a0, b0));
  v128.store(to + ts2, f32x4.sub(a1, b1), 16);
  v128.store(to + ts2, f32x4.sub(a0, b0));
  v128.store(to + ts3, f32x4.neg(b1), 16);
  v128.store(to + ts3, f32x4.neg(b0));
}

/** Weights: to = G from, 3 -> 4. */
export function weights(from: usize, fs: usize, to: usize, ts: usize, n: i32): void {
  const fs2 = fs << 1, ts2 = ts << 1, ts3 = ts + ts2, half = f32x4.splat(0.5);
  for (; n > 0; n -= 8) {
    const d0 = v128.load(from), e0 = v128.load(from, 16);
    const d1 = v128.load(from + fs), e1 = v128.load(from + fs, 16);
    const d2 = v128.load(from + fs2), e2 = v128.load(from + fs2, 16);
    const outer = f32x4.add(d0, d2), outerUp = f32x4.add(e0, e2);
    const y1 = f32x4.mul(f32x4.add(outer, d1), half), z1 = f32x4.mul(f32x4.add(outerUp, e1), half);
    const y2 = f32x4.mul(f32x4.sub(outer, d1), half), z2 = f32x4.mul(f32x4.sub(outerUp, e1), half);
    v128.store(to, e0, 16);
    v128.store(to, d0);
    v128.store(to + ts, z1, 16);
    v128.store(to + ts, y1);
    v128.store(to + ts2, z2, 16);
    v128.store(to + ts2, y2);
    v128.store(to + ts3, e2, 16);
    v128.store(to + ts3, d2);
    from += 32;
    to += 32;
  }
}

/** Gradients of weights: to = G^T from, 4 -> 3. */
export function gathered(from: usize, fs: usize, to: usize, ts: usize, n: i32): void {
  const fs2 = fs << 1, fs3 = fs + fs2, ts2 = ts << 1, half = f32x4.splat(0.5);
  for (; n > 0; n -= 8) {
    const d0 = v128.load(from), e0 = v128.load(from, 16);
    const d1 = v128.load(from + fs), e1 = v128.load(from + fs, 16);
    const d2 = v128.load(from + fs2), e2 = v128.load(from + fs2, 16);
    const d3 = v128.load(from + fs3), e3 = v128.load(from + fs3, 16);
    const sum = f32x4.mul(f32x4.add(d1, d2), half), sumUp = f32x4.mul(f32x4.add(e1, e2), half);
    const y1 = f32x4.mul(f32x4.sub(d1, d2), half), z1 = f32x4.mul(f32x4.sub(e1, e2), half);
    const y0 = f32x4.add(d0, sum), z0 = f32x4.add(e0, sumUp);
    const y2 = f32x4.add(d3, sum), z2 = f32x4.add(e3, sumUp);
    v128.store(to, z0, 16);
    v128.store(to, y0);
    v128.store(to + ts, z1, 16);
    v128.store(to + ts, y1);
    v128.store(to + ts2, z2, 16);
    v128.store(to + ts2, y2);
    from += 32;
    to += 32;
  }
}
