// warps.ts: reference twins of warp, its gradient, and the transforms from drawn numbers. Places in f32, as the kernels have them.
import { readArguments } from '../abi.ts';
import type { Family } from '../reference.ts';

const f = Math.fround;
/** Where place i of n lies by a fill mode, or -1. */
const folds: readonly ((i: number, n: number) => number)[] = [
  (i, n) => (i < 0 || i >= n ? -1 : i),
  (i, n) => Math.min(Math.max(i, 0), n - 1),
  (i, n) => {
    const at = ((i % (2 * n)) + 2 * n) % (2 * n);
    return at < n ? at : 2 * n - 1 - at;
  },
  (i, n) => ((i % n) + n) % n,
];

/** To the nearest whole number, halves to the even one. */
function nearestOf(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.floor(x + 0.5);
  return floor % 2 === 0 ? floor : floor + 1;
}

interface Image {
  readonly H: number;
  readonly W: number;
  readonly fill: number;
  readonly nearest: number;
}

/** The pixels that pixel (ox, oy) is made of: row and column, -1 outside, and weight. */
function tapsOf(
  a: Image,
  t: ArrayLike<number>,
  ox: number,
  oy: number,
): readonly (readonly [number, number, number])[] {
  const place = (i: number) => f(f(f(t[i]! * ox) + f(t[i + 1]! * oy)) + t[i + 2]!);
  const [px, py] = [place(0), place(3)];
  const at = (h: number, w: number) => [folds[a.fill]!(h, a.H), folds[a.fill]!(w, a.W)] as const;
  if (a.nearest) return [[...at(nearestOf(py), nearestOf(px)), 1]];
  const [h, w] = [Math.floor(py), Math.floor(px)];
  const [down, right] = [f(py - h), f(px - w)];
  return [
    [...at(h, w), (1 - down) * (1 - right)],
    [...at(h, w + 1), (1 - down) * right],
    [...at(h + 1, w), down * (1 - right)],
    [...at(h + 1, w + 1), down * right],
  ];
}

export const warps: Family = (memory) => {
  const { f32 } = memory;
  const transformOf = (at: number, image: number) => f32.subarray((at >> 2) + 8 * image, (at >> 2) + 8 * image + 6);
  return {
    warp(d, b, from, to) {
      const a = readArguments('warp', memory, d, b);
      for (let image = from; image < to; image++)
        for (let oy = 0; oy < a.H; oy++)
          for (let ox = 0; ox < a.W; ox++)
            for (let c = 0; c < a.C; c++) {
              let sum = 0;
              for (const [h, w, weight] of tapsOf(a, transformOf(a.at.transform, image), ox, oy)) {
                const inside = h >= 0 && w >= 0;
                const x = inside
                  ? (a.at.x >> 2) + image * a.xImage + h * a.xRow + w * a.C + c
                  : (a.at.outside >> 2) + c;
                sum += weight * f32[x]!;
              }
              f32[(a.at.y >> 2) + image * a.yImage + oy * a.yRow + ox * a.C + c] = sum;
            }
    },

    warp_backward(d, b, from, to) {
      const a = readArguments('warp_backward', memory, d, b);
      for (let image = from; image < to; image++) {
        const sums = new Float64Array(a.H * a.W * a.C);
        for (let oy = 0; oy < a.H; oy++)
          for (let ox = 0; ox < a.W; ox++)
            for (const [h, w, weight] of tapsOf(a, transformOf(a.at.transform, image), ox, oy))
              for (let c = 0; h >= 0 && w >= 0 && c < a.C; c++) {
                const dy = f32[(a.at.dy >> 2) + image * a.dyImage + oy * a.dyRow + ox * a.C + c]!;
                sums[(h * a.W + w) * a.C + c]! += weight * dy;
              }
        sums.forEach((sum, i) => {
          const [h, rest] = [Math.floor(i / (a.W * a.C)), i % (a.W * a.C)];
          f32[(a.at.dx >> 2) + image * a.dxImage + h * a.dxRow + rest] = sum;
        });
      }
    },

    warp_transform(d, b, from, to) {
      const a = readArguments('warp_transform', memory, d, b);
      for (let image = from; image < to; image++) {
        const [p, q] = [f32[(a.at.drawn >> 2) + 2 * image]!, f32[(a.at.drawn >> 2) + 2 * image + 1]!];
        const [u, v] = [a.uLow + (a.uHigh - a.uLow) * p, a.vLow + (a.vHigh - a.vLow) * q];
        const [cx, cy] = [(a.W - 1) / 2, (a.H - 1) / 2];
        let m = [1, 0, 0, 1];
        if (a.kind < 4) m = [a.kind & 1 && u < 0.5 ? -1 : 1, 0, 0, a.kind & 2 && v < 0.5 ? -1 : 1];
        const angle = 2 * Math.PI * u;
        if (a.kind === 4) m = [Math.cos(angle), -Math.sin(angle), Math.sin(angle), Math.cos(angle)];
        if (a.kind === 8) m = [v, 0, 0, u];
        if (a.kind === 9) m = [u, 0, 0, u];
        const [dx, dy] = a.kind === 16 ? [-v * a.W, -u * a.H] : [0, 0];
        const [a0, a1, b0, b1] = m as [number, number, number, number];
        f32.set(
          [a0, a1, cx - cx * a0 - cy * a1 + dx, b0, b1, cy - cx * b0 - cy * b1 + dy],
          (a.at.transform >> 2) + 8 * image,
        );
      }
    },
  };
};
