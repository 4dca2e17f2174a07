// map.ts: walks views and maps vectors: what element-wise kernels share. An operation is a class with one inlined method. Its `this` is
// the call's descriptor where the operation has numbers of its own to read there, else 0.
import { relu, relu_backward } from "./generated/arguments";
import { storeLanes } from "./lanes";

/** y = F.of(x), for a kernel of operands x and y over a view (signatures.ts: `map`). */
// @ts-ignore: decorator
@inline
export function forward<F>(d: usize, b: usize, from: i32, to: i32): void {
  mapOne<F>(
    relu.H(d), relu.L(d),
    relu.x(d, b), relu.xImage(d), relu.xRow(d),
    relu.y(d, b), relu.yImage(d), relu.yRow(d),
    from, to, d,
  );
}

/** dx = F.of(dy, x or y), for a kernel of operands dy, x or y, and dx over a view (signatures.ts: `slopeOfX`, `slopeOfY`). */
// @ts-ignore: decorator
@inline
export function backward<F>(d: usize, b: usize, from: i32, to: i32): void {
  mapTwo<F>(
    relu_backward.H(d), relu_backward.L(d),
    relu_backward.dy(d, b), relu_backward.dyImage(d), relu_backward.dyRow(d),
    relu_backward.y(d, b), relu_backward.yImage(d), relu_backward.yRow(d),
    relu_backward.dx(d, b), relu_backward.dxImage(d), relu_backward.dxRow(d),
    from, to, d,
  );
}

/** y = F.of(x) over images `from` to `to` of H rows of L floats; strides in floats. x may be y. */
// @ts-ignore: decorator
@inline
export function mapOne<F>(
  H: i32, L: i32,
  x: usize, xImage: i32, xRow: i32,
  y: usize, yImage: i32, yRow: i32,
  from: i32, to: i32, self: usize = 0,
): void {
  const whole = xRow == L && yRow == L; // then an image is one long row
  const rows = whole ? 1 : H, length = whole ? H * L : L;
  for (let image = from; image < to; image++) {
    let xAt = x + (<usize>image * xImage << 2), yAt = y + (<usize>image * yImage << 2);
    for (let h = 0; h < rows; h++) {
      rowOfOne<F>(xAt, yAt, length, self);
      xAt += <usize>xRow << 2;
      yAt += <usize>yRow << 2;
    }
  }
}

function rowOfOne<F>(x: usize, y: usize, n: i32, self: usize): void {
  const f = changetype<F>(self);
  for (; n >= 16; n -= 16) {
    const x0 = v128.load(x, 0), x1 = v128.load(x, 16), x2 = v128.load(x, 32), x3 = v128.load(x, 48);
    // @ts-ignore: F is a class with this method
    const y0 = f.of(x0), y1 = f.of(x1), y2 = f.of(x2), y3 = f.of(x3);
    v128.store(y, y0, 0);
    v128.store(y, y1, 16);
    v128.store(y, y2, 32);
    v128.store(y, y3, 48);
    x += 64;
    y += 64;
  }
  for (; n >= 4; n -= 4) {
    // @ts-ignore: as above
    v128.store(y, f.of(v128.load(x)));
    x += 16;
    y += 16;
  }
  // @ts-ignore: as above
  if (n > 0) storeLanes(y, f.of(v128.load(x)), n);
}

/** y = F.of(a, b), otherwise like mapOne. */
// @ts-ignore: decorator
@inline
export function mapTwo<F>(
  H: i32, L: i32,
  a: usize, aImage: i32, aRow: i32,
  b: usize, bImage: i32, bRow: i32,
  y: usize, yImage: i32, yRow: i32,
  from: i32, to: i32, self: usize = 0,
): void {
  const whole = aRow == L && bRow == L && yRow == L;
  const rows = whole ? 1 : H, length = whole ? H * L : L;
  for (let image = from; image < to; image++) {
    let aAt = a + (<usize>image * aImage << 2), bAt = b + (<usize>image * bImage << 2), yAt = y + (<usize>image * yImage << 2);
    for (let h = 0; h < rows; h++) {
      rowOfTwo<F>(aAt, bAt, yAt, length, self);
      aAt += <usize>aRow << 2;
      bAt += <usize>bRow << 2;
      yAt += <usize>yRow << 2;
    }
  }
}

function rowOfTwo<F>(a: usize, b: usize, y: usize, n: i32, self: usize): void {
  const f = changetype<F>(self);
  for (; n >= 16; n -= 16) {
    const a0 = v128.load(a, 0), a1 = v128.load(a, 16), a2 = v128.load(a, 32), a3 = v128.load(a, 48);
    const b0 = v128.load(b, 0), b1 = v128.load(b, 16), b2 = v128.load(b, 32), b3 = v128.load(b, 48);
    // @ts-ignore: F is a class with this method
    const y0 = f.of(a0, b0), y1 = f.of(a1, b1), y2 = f.of(a2, b2), y3 = f.of(a3, b3);
    v128.store(y, y0, 0);
    v128.store(y, y1, 16);
    v128.store(y, y2, 32);
    v128.store(y, y3, 48);
    a += 64;
    b += 64;
    y += 64;
  }
  for (; n >= 4; n -= 4) {
    // @ts-ignore: as above
    v128.store(y, f.of(v128.load(a), v128.load(b)));
    a += 16;
    b += 16;
    y += 16;
  }
  // @ts-ignore: as above
  if (n > 0) storeLanes(y, f.of(v128.load(a), v128.load(b)), n);
}
