// picture.ts: one image of bytes in a memory of its own, and the kernels that change it. What is changed when, transforms say.
import { type Arena, createArena } from '../../kernels/arena.ts';
import type { Move } from '../annotations.ts';
import { type PixelKernel, type PixelKernels, pixelCalls } from '../image/pixel-kernels.ts';
import { type Filter, gatherTaps, mirrorTaps, resizeTaps, type Taps } from '../image/taps.ts';

/** In pixels. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly rows: number;
  readonly columns: number;
}

/** A byte for each channel, or one for all. */
export type Fill = number | readonly number[];

export type Kept = 0 | 1 | 2;

export interface Picture {
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
  /** (rows, columns, channels), packed; stands until the next change. Writing to it changes the picture. */
  bytes(): Uint8Array;
  /** Becomes an empty picture of this size, whose bytes the caller writes. */
  reset(rows: number, columns: number): void;
  /** How it has moved since the reset; whoever moves pixels by tables of his own adds to it. */
  readonly moves: Move[];
  /** The box, brought to another size. */
  resize(box: Box, rows: number, columns: number, filter: Filter): void;
  across(taps: Taps): void;
  down(taps: Taps): void;
  mirror(): void;
  upsideDown(): void;
  /** Pixels from other places: (x, y) from (m0 x + m1 y + m2, m3 x + m4 y + m5), pixels counted from their corners. */
  warp(matrix: readonly number[], filter: 'nearest' | 'bilinear', fill: Fill): void;
  /** (channels, 256), or 256 for all. */
  lookup(table: Uint8Array): void;
  /** (channels, 256). */
  histogram(): Uint32Array;
  grey(): void;
  /** @param turn of the circle */
  turnHue(turn: number): void;
  smooth(): void;
  /** Keeps a copy, in one of three places. */
  keep(at: Kept): void;
  /** The kept copy, of the same size, beside this: share times this and the rest of the copy; more than this above 1. */
  mixKept(at: Kept, share: number): void;
  /** Becomes the kept copy, which has the same size. */
  restore(at: Kept): void;
}

/** Weights of one pixel at most. */
export const MOST_TAPS = 64;

/** @param side rows and columns at most. @param kernels over the memory of `arena` */
export function createPicture(side: number, channels: number, kernels: (arena: Arena) => PixelKernels): Picture {
  const size = side * side * channels;
  const weightBytes = 4 * side * MOST_TAPS;
  const arena = createArena(5 * (size + 512) + weightBytes + 8 * side + 4096 * channels + 8192);
  const call = pixelCalls(arena, kernels(arena));
  const { u8, i32, u32 } = arena.views;
  const bounds = arena.take(8 * side);
  const weights = arena.take(weightBytes);
  const table = arena.take(1024 * channels);
  const kept = [arena.take(size), arena.take(size), arena.take(size)] as const;
  let [front, back] = [arena.take(size), arena.take(size)];
  let [rows, columns] = [0, 0];
  const moves: Move[] = [];

  /** From front to back; the back comes to the front. */
  const change = (kernel: PixelKernel, operands: Readonly<Record<string, number>>, ints: object): void => {
    call(kernel, { ...operands, y: back }, ints);
    [front, back] = [back, front];
  };
  const sizes = () => ({ H: rows, W: columns, C: channels });
  const tables = (taps: Taps) => {
    u32.set(taps.bounds, bounds >> 2);
    i32.set(taps.weights, weights >> 2);
    return { bounds, weights };
  };
  const acrossFrom = (x: number, H: number, xRow: number, taps: Taps): void => {
    change('pixels_across', { x, ...tables(taps) }, { H, N: taps.count, C: channels, most: taps.most, xRow });
    [rows, columns] = [H, taps.count];
  };

  return {
    get rows() {
      return rows;
    },
    get columns() {
      return columns;
    },
    channels,
    moves,
    bytes: () => u8.subarray(front, front + rows * columns * channels),
    reset(r, c) {
      [rows, columns] = [r, c];
      moves.length = 0;
    },
    resize(box, r, c, filter) {
      moves.push({ matrix: [box.columns / c, 0, box.left, 0, box.rows / r, box.top], rows: r, columns: c });
      const x = front + (box.top * columns + box.left) * channels;
      acrossFrom(x, box.rows, columns * channels, resizeTaps(box.columns, c, filter));
      this.down(resizeTaps(box.rows, r, filter));
    },
    across: (taps) => acrossFrom(front, rows, columns * channels, taps),
    down(taps) {
      const ints = { H: taps.count, L: columns * channels, most: taps.most };
      change('pixels_down', { x: front, ...tables(taps) }, ints);
      rows = taps.count;
    },
    mirror() {
      moves.push({ matrix: [-1, 0, columns, 0, 1, 0], rows, columns });
      this.across(mirrorTaps(columns));
    },
    upsideDown() {
      moves.push({ matrix: [1, 0, 0, 0, -1, rows], rows, columns });
      this.down(mirrorTaps(rows));
    },
    warp(matrix, filter, fill) {
      moves.push({ matrix, rows, columns });
      const [a, b, c, d, e, f] = matrix as [number, number, number, number, number, number];
      // places of centres, half a pixel from the corners
      const fixed = [a, b, c + 0.5 * (a + b), d, e, f + 0.5 * (d + e)].map((value) => Math.floor(value * 65536 + 0.5));
      i32.set(fixed, weights >> 2);
      u8.set(bytesOf(fill, channels), table);
      const operands = { x: front, matrix: weights, outside: table };
      change('pixels_warp', operands, { ...sizes(), nearest: filter === 'nearest' ? 1 : 0 });
    },
    lookup(values) {
      for (let c = 0; c < channels; c++)
        u8.set(values.subarray(values.length === 256 ? 0 : 256 * c).subarray(0, 256), table + 256 * c);
      change('pixels_lookup', { x: front, table }, sizes());
    },
    histogram() {
      call('pixels_histogram', { x: front, counts: table }, sizes());
      return u32.slice(table >> 2, (table >> 2) + 256 * channels);
    },
    grey() {
      if (channels === 3) change('pixels_grey', { x: front }, { H: rows, W: columns });
    },
    turnHue(turn) {
      const part = Math.floor((turn - Math.floor(turn)) * 65536);
      if (channels === 3) change('pixels_hue', { x: front }, { H: rows, W: columns, turn: part });
    },
    smooth: () => change('pixels_smooth', { x: front }, sizes()),
    keep(at) {
      u8.copyWithin(kept[at], front, front + rows * columns * channels);
    },
    mixKept(at, share) {
      const ints = { H: rows, L: columns * channels, share: Math.floor(share * 65536 + 0.5) };
      change('pixels_mix', { a: front, b: kept[at] }, ints);
    },
    restore(at) {
      u8.copyWithin(front, kept[at], kept[at] + rows * columns * channels);
    },
  };
}

/** One byte a channel. */
export const bytesOf = (fill: Fill, channels: number): number[] =>
  Array.from({ length: channels }, (_, c) => (typeof fill === 'number' ? fill : fill[c % fill.length]!));

/** A picture's part as it is, or one that reaches beyond it. */
export function cropWith(picture: Picture, box: Box, fold: (place: number, size: number) => number): void {
  const places = (from: number, count: number, size: number) =>
    gatherTaps(Array.from({ length: count }, (_, i) => fold(from + i, size)));
  picture.moves.push({ matrix: [1, 0, box.left, 0, 1, box.top], rows: box.rows, columns: box.columns });
  picture.across(places(box.left, box.columns, picture.columns));
  picture.down(places(box.top, box.rows, picture.rows));
}
