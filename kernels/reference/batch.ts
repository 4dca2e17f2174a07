// batch.ts: reference twins of batch normalization: moments by blocks, what they come to, and the normalising. Layer and group
// normalization: groups.ts.
import { readArguments, type Views } from '../abi.ts';
import type { Family } from '../reference.ts';
import { addLadder, relu, rowsOf } from './shared.ts';

/** Pixels of a block (signatures.ts). */
const BLOCK = 128;
const padded = (C: number): number => 16 * Math.ceil(C / 16);

interface Image {
  readonly H: number;
  readonly W: number;
  readonly C: number;
}

/** Index of channel 0 of pixel p, counted through all images. */
const pixelAt = ({ H, W, C }: Image, at: number, imageStride: number, rowStride: number, p: number): number => {
  const inside = p % (H * W);
  return (at >> 2) + Math.floor(p / (H * W)) * imageStride + Math.floor(inside / W) * rowStride + (inside % W) * C;
};

const blocksOf = (pixels: number): number => Math.ceil(pixels / BLOCK);
const pixelsOf = (pixels: number, block: number): readonly number[] =>
  Array.from({ length: Math.min(BLOCK, pixels - block * BLOCK) }, (_, i) => block * BLOCK + i);

export const batch: Family = (memory: Views) => {
  const { f32 } = memory;
  const rowsIn = (b: number, { H, W }: Image): number => rowsOf(memory, b) * H * W;
  /** Calls `each` for every pixel of images `from` to `to`. */
  const inImages = ({ H, W }: Image, from: number, to: number, each: (p: number) => void): void => {
    for (let p = from * H * W; p < to * H * W; p++) each(p);
  };
  /** The sum over blocks of partial `which` of a channel. */
  const total = (partial: number, C: number, blocks: number, which: 0 | 1, c: number): number => {
    let sum = 0;
    for (let block = 0; block < blocks; block++) sum += f32[(partial >> 2) + (2 * block + which) * padded(C) + c]!;
    return sum;
  };
  const storeNorm = (norm: number, C: number, c: number, values: readonly number[]): void =>
    values.forEach((value, i) => {
      f32[(norm >> 2) + i * padded(C) + c] = value;
    });

  return {
    batch_moments(d, b, from, to) {
      const a = readArguments('batch_moments', memory, d, b);
      const at = (p: number, c: number): number => f32[pixelAt(a, a.at.x, a.xImage, a.xRow, p) + c]!;
      for (let block = from; block < to; block++)
        for (let c = 0; c < a.C; c++) {
          const pixels = pixelsOf(rowsIn(b, a), block);
          const sum = pixels.reduce((all, p) => all + at(p, c), 0);
          const mean = sum / pixels.length;
          const squares = pixels.reduce((all, p) => all + (at(p, c) - mean) ** 2, 0);
          f32[(a.at.partial >> 2) + 2 * block * padded(a.C) + c] = sum;
          f32[(a.at.partial >> 2) + (2 * block + 1) * padded(a.C) + c] = squares;
        }
    },

    batch_statistics(d, b, from, to) {
      const a = readArguments('batch_statistics', memory, d, b);
      const [rows, pixels] = [rowsOf(memory, b), rowsIn(b, a)];
      for (let c = 16 * from; c < Math.min(16 * to, a.C); c++) {
        const mean = total(a.at.partial, a.C, blocksOf(pixels), 0, c) / pixels;
        let squares = total(a.at.partial, a.C, blocksOf(pixels), 1, c);
        for (let block = 0; block < blocksOf(pixels); block++) {
          const n = pixelsOf(pixels, block).length;
          squares += n * (f32[(a.at.partial >> 2) + 2 * block * padded(a.C) + c]! / n - mean) ** 2;
        }
        const variance = squares / pixels;
        const inverse = 1 / Math.sqrt(variance + a.epsilon);
        const scale = inverse * (a.hasGamma ? f32[(a.at.gamma >> 2) + c]! : 1);
        const beta = a.hasBeta ? f32[(a.at.beta >> 2) + c]! : 0;
        storeNorm(a.at.norm, a.C, c, [scale, beta - mean * scale, mean, inverse]);
        f32[(a.at.meanSum >> 2) + c] = rows * mean;
        f32[(a.at.varianceSum >> 2) + c] = rows * variance;
        addLadder(memory, b, a.at.meanSum + 4 * c, a.offset.meanSum + 4 * c);
        addLadder(memory, b, a.at.varianceSum + 4 * c, a.offset.varianceSum + 4 * c);
      }
    },

    batch_inference(d, b, from, to) {
      const a = readArguments('batch_inference', memory, d, b);
      for (let c = 16 * from; c < Math.min(16 * to, a.C); c++) {
        const mean = f32[(a.at.mean >> 2) + c]!;
        const inverse = 1 / Math.sqrt(f32[(a.at.variance >> 2) + c]! + a.epsilon);
        const scale = inverse * (a.hasGamma ? f32[(a.at.gamma >> 2) + c]! : 1);
        const beta = a.hasBeta ? f32[(a.at.beta >> 2) + c]! : 0;
        storeNorm(a.at.norm, a.C, c, [scale, beta - mean * scale, mean, inverse]);
      }
    },

    batch_normalize(d, b, from, to) {
      const a = readArguments('batch_normalize', memory, d, b);
      const norm = a.at.norm >> 2;
      inImages(a, from, to, (p) => {
        for (let c = 0; c < a.C; c++) {
          const x = f32[pixelAt(a, a.at.x, a.xImage, a.xRow, p) + c]!;
          const y = x * f32[norm + c]! + f32[norm + padded(a.C) + c]!;
          f32[pixelAt(a, a.at.y, a.yImage, a.yRow, p) + c] = a.relu ? relu(y) : y;
        }
      });
    },

    batch_moments_backward(d, b, from, to) {
      const a = readArguments('batch_moments_backward', memory, d, b);
      for (let block = from; block < to; block++)
        for (let c = 0; c < a.C; c++) {
          const [scale, shift, mean] = [0, 1, 2].map((i) => f32[(a.at.norm >> 2) + i * padded(a.C) + c]!);
          let [sum, product] = [0, 0];
          for (const p of pixelsOf(rowsIn(b, a), block)) {
            const x = f32[pixelAt(a, a.at.x, a.xImage, a.xRow, p) + c]!;
            const dy = f32[pixelAt(a, a.at.dy, a.dyImage, a.dyRow, p) + c]!;
            if (a.relu && x * scale! + shift! <= 0) continue;
            sum += dy;
            product += dy * (x - mean!);
          }
          f32[(a.at.partial >> 2) + 2 * block * padded(a.C) + c] = sum;
          f32[(a.at.partial >> 2) + (2 * block + 1) * padded(a.C) + c] = product;
        }
    },

    batch_statistics_backward(d, b, from, to) {
      const a = readArguments('batch_statistics_backward', memory, d, b);
      const pixels = rowsIn(b, a);
      for (let c = 16 * from; c < Math.min(16 * to, a.C); c++) {
        const [scale, , , inverse] = [0, 1, 2, 3].map((i) => f32[(a.at.norm >> 2) + i * padded(a.C) + c]!);
        const sum = total(a.at.partial, a.C, blocksOf(pixels), 0, c);
        const product = total(a.at.partial, a.C, blocksOf(pixels), 1, c);
        f32[(a.at.factors >> 2) + c] = (-scale! * inverse! ** 2 * product) / pixels;
        f32[(a.at.factors >> 2) + padded(a.C) + c] = (-scale! * sum) / pixels;
        if (a.hasGamma) {
          f32[(a.at.dGamma >> 2) + c] = product * inverse!;
          addLadder(memory, b, a.at.dGamma + 4 * c, a.offset.dGamma + 4 * c);
        }
        if (a.hasBeta) {
          f32[(a.at.dBeta >> 2) + c] = sum;
          addLadder(memory, b, a.at.dBeta + 4 * c, a.offset.dBeta + 4 * c);
        }
      }
    },

    batch_normalize_backward(d, b, from, to) {
      const a = readArguments('batch_normalize_backward', memory, d, b);
      inImages(a, from, to, (p) => {
        for (let c = 0; c < a.C; c++) {
          const [scale, shift, mean] = [0, 1, 2].map((i) => f32[(a.at.norm >> 2) + i * padded(a.C) + c]!);
          const [slope, rest] = [0, 1].map((i) => f32[(a.at.factors >> 2) + i * padded(a.C) + c]!);
          const x = f32[pixelAt(a, a.at.x, a.xImage, a.xRow, p) + c]!;
          const dy = f32[pixelAt(a, a.at.dy, a.dyImage, a.dyRow, p) + c]!;
          const own = a.relu && x * scale! + shift! <= 0 ? 0 : dy;
          f32[pixelAt(a, a.at.dx, a.dxImage, a.dxRow, p) + c] = scale! * own + slope! * (x - mean!) + rest!;
        }
      });
    },
  };
};
