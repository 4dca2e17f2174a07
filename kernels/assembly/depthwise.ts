// depthwise.ts: depthwise convolution by offset tables, vectorised over channels; forward and dX alike. A tile is ROW_BLOCK pixels of one
// image, all channels: pixels outside, channels inside, so that memory is read in its order.
import { RELU, scratchOf } from "./abi";
import { copyFloats } from "./columns";
import { depthwise as args } from "./generated/arguments";
import { depthPixels } from "./generated/depthwise";
import { ceilDiv, ROW_BLOCK } from "./tile";

/** Pixels and channels whose sums stay in registers. They decide no bits. */
const PIXELS: i32 = 6;
const CHANNELS: i32 = 8;

export function depthwise(d: usize, b: usize, from: i32, to: i32): void {
  const x = args.x(d, b), w = args.w(d, b), bias = args.bias(d, b), y = args.y(d, b);
  const xTable = args.xTable(d, b), yTable = args.yTable(d, b), xTaps = args.xTaps(d, b), wTaps = args.wTaps(d, b);
  const pixels = args.pixels(d), taps = args.taps(d), C = args.C(d), hasBias = args.hasBias(d);
  const xImage = <usize>args.xImage(d) << 2, yImage = <usize>args.yImage(d) << 2, mode = args.activation(d) == 1 ? RELU : 0;
  // a vector's worth of zeros, then where tails of channels go first, and the table that leads there
  const zero = scratchOf(b), tail = zero + 32, tailTable = tail + 32 * PIXELS;
  memory.fill(zero, 0, 32);
  for (let i = 0; i < PIXELS; i++) store<u32>(tailTable + (<usize>i << 2), i << 5);

  const blocks = ceilDiv(pixels, ROW_BLOCK), whole = C & -CHANNELS, rest = C - whole;
  for (let tile = from; tile < to; tile++) {
    const image = tile / blocks, first = (tile % blocks) * ROW_BLOCK, count = min(ROW_BLOCK, pixels - first);
    const turns = ceilDiv(count, PIXELS), few = count / turns, more = count % turns;
    const xAt = x + xImage * image, yAt = y + yImage * image;
    let xt = xTable + (<usize>first << 2), yt = yTable + (<usize>first << 2);
    for (let turn = 0; turn < turns; turn++) {
      const rows = turn < more ? few + 1 : few;
      for (let c = 0; c < whole; c += CHANNELS) {
        const at = <usize>c << 2, init = hasBias ? bias + at : zero;
        depthPixels(rows, xAt + at, xt, xTaps, w + at, wTaps, taps, init, yAt + at, yt, mode);
      }
      if (rest) {
        const at = <usize>whole << 2, init = hasBias ? bias + at : zero;
        depthPixels(rows, xAt + at, xt, xTaps, w + at, wTaps, taps, init, tail, tailTable, mode);
        for (let i: usize = 0; i < <usize>rows; i++) copyFloats(tail + (i << 5), yAt + at + <usize>load<u32>(yt + (i << 2)), rest);
      }
      xt += <usize>rows << 2;
      yt += <usize>rows << 2;
    }
  }
}
