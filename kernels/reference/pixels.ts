// pixels.ts: reference twins of the kernels on images of bytes: the same whole numbers, a byte at a time.
import { readArguments } from '../abi.ts';
import type { Family } from '../reference.ts';

const clamp = (value: number): number => Math.min(255, Math.max(0, value));
const modulo = (n: number, of: number): number => (of === 0 ? 0 : ((n % of) + of) % of);

export const pixels: Family = (memory) => {
  const { u8, i32, u32 } = memory;
  /** sum of weights times bytes `step` apart, in 2^22ths. */
  const weighed = (x: number, weights: number, taps: number, step: number): number => {
    let sum = 2 ** 21;
    for (let t = 0; t < taps; t++) sum += i32[(weights >> 2) + t]! * u8[x + t * step]!;
    return clamp(sum >> 22);
  };
  return {
    pixels_across(d, b, from, to) {
      const { at, N, C, most, xRow } = readArguments('pixels_across', memory, d, b);
      for (let row = from; row < to; row++)
        for (let p = 0; p < N; p++)
          for (let c = 0; c < C; c++) {
            const [first, taps] = u32.subarray((at.bounds >> 2) + 2 * p);
            const x = at.x + row * xRow + first! * C + c;
            u8[at.y + (row * N + p) * C + c] = weighed(x, at.weights + 4 * p * most, taps!, C);
          }
    },
    pixels_down(d, b, from, to) {
      const { at, L, most } = readArguments('pixels_down', memory, d, b);
      for (let row = from; row < to; row++)
        for (let l = 0; l < L; l++) {
          const [first, taps] = u32.subarray((at.bounds >> 2) + 2 * row);
          u8[at.y + row * L + l] = weighed(at.x + first! * L + l, at.weights + 4 * row * most, taps!, L);
        }
    },
    pixels_warp(d, b, from, to) {
      const { at, H, W, C, nearest } = readArguments('pixels_warp', memory, d, b);
      const m = i32.slice(at.matrix >> 2, (at.matrix >> 2) + 6);
      const byteAt = (h: number, w: number, c: number): number =>
        h >= 0 && h < H && w >= 0 && w < W ? u8[at.x + (h * W + w) * C + c]! : u8[at.outside + c]!;
      for (let row = from; row < to; row++)
        for (let column = 0; column < W; column++) {
          const shift = nearest ? 0 : 2 ** 15;
          const px = m[0]! * column + m[1]! * row + m[2]! - shift;
          const py = m[3]! * column + m[4]! * row + m[5]! - shift;
          const [h, w] = [Math.floor(py / 2 ** 16), Math.floor(px / 2 ** 16)];
          const [fy, fx] = [modulo(Math.floor(py / 256), 256), modulo(Math.floor(px / 256), 256)];
          for (let c = 0; c < C; c++) {
            const above = byteAt(h, w, c) * (256 - fx) + byteAt(h, w + 1, c) * fx;
            const below = byteAt(h + 1, w, c) * (256 - fx) + byteAt(h + 1, w + 1, c) * fx;
            const between = (above * (256 - fy) + below * fy + 2 ** 15) >> 16;
            u8[at.y + (row * W + column) * C + c] = nearest ? byteAt(h, w, c) : between;
          }
        }
    },
    pixels_lookup(d, b, from, to) {
      const { at, W, C } = readArguments('pixels_lookup', memory, d, b);
      for (let i = from * W * C; i < to * W * C; i++) u8[at.y + i] = u8[at.table + 256 * (i % C) + u8[at.x + i]!]!;
    },
    pixels_histogram(d, b, from, to) {
      const { at, H, W, C } = readArguments('pixels_histogram', memory, d, b);
      if (from === to) return;
      const counts = u32.subarray(at.counts >> 2, (at.counts >> 2) + 256 * C).fill(0);
      for (let i = 0; i < H * W * C; i++) counts[256 * (i % C) + u8[at.x + i]!]!++;
    },
    pixels_moments(d, b, from, to) {
      const { at, H, W, C } = readArguments('pixels_moments', memory, d, b);
      if (from === to) return;
      const sums = u32.subarray(at.sums >> 2, (at.sums >> 2) + C).fill(0);
      const squares = u32.subarray(at.squares >> 2, (at.squares >> 2) + C).fill(0);
      for (let i = 0; i < H * W * C; i++) {
        sums[i % C]! += u8[at.x + i]!;
        squares[i % C]! += u8[at.x + i]! ** 2;
      }
    },
    pixels_mix(d, b, from, to) {
      const { at, L, share } = readArguments('pixels_mix', memory, d, b);
      for (let i = from * L; i < to * L; i++) {
        const other = u8[at.b + i]!;
        u8[at.y + i] = clamp((2 ** 15 + 2 ** 16 * other + share * (u8[at.a + i]! - other)) >> 16);
      }
    },
    pixels_grey(d, b, from, to) {
      const { at, W } = readArguments('pixels_grey', memory, d, b);
      for (let i = 3 * from * W; i < 3 * to * W; i += 3) {
        const [r, g, blue] = u8.subarray(at.x + i, at.x + i + 3) as unknown as [number, number, number];
        u8.fill((19595 * r + 38470 * g + 7471 * blue + 2 ** 15) >> 16, at.y + i, at.y + i + 3);
      }
    },
    pixels_hue(d, b, from, to) {
      const { at, W, turn } = readArguments('pixels_hue', memory, d, b);
      for (let i = 3 * from * W; i < 3 * to * W; i += 3) {
        const [r, g, blue] = u8.subarray(at.x + i, at.x + i + 3) as unknown as [number, number, number];
        const top = Math.max(r, g, blue);
        const s = top - Math.min(r, g, blue);
        const hue = top === r ? g - blue : top === g ? 2 * s + blue - r : 4 * s + r - g;
        const place = 2 ** 16 * hue + 6 * s * turn;
        [5, 3, 1].forEach((n, c) => {
          const k = modulo(place + 2 ** 16 * n * s, 6 * 2 ** 16 * s);
          const down = Math.max(0, Math.min(k, 4 * 2 ** 16 * s - k, 2 ** 16 * s));
          u8[at.y + i + c] = (2 ** 16 * top - down + 2 ** 15) >> 16;
        });
      }
    },
    pixels_smooth(d, b, from, to) {
      const { at, H, W, C } = readArguments('pixels_smooth', memory, d, b);
      const L = W * C;
      for (let i = from * L; i < to * L; i++) {
        const [row, column] = [Math.floor(i / L), Math.floor((i % L) / C)];
        const border = row === 0 || row === H - 1 || column === 0 || column === W - 1;
        let sum = 4 * u8[at.x + i]!;
        for (const down of [-L, 0, L]) for (const right of [-C, 0, C]) sum += border ? 0 : u8[at.x + i + down + right]!;
        u8[at.y + i] = border ? u8[at.x + i]! : Math.floor((sum + 6) / 13);
      }
    },
  };
};
