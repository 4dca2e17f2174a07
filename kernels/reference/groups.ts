// groups.ts: reference twins of normalization of rows by themselves, and of images by groups of channels. Sums in f64. By channel: batch.ts.
import { readArguments } from '../abi.ts';
import type { Family } from '../reference.ts';
import { addLadder, rowsOf } from './shared.ts';

const ROWS = 16; // of a tile
const PANEL = 16;
const padded = (C: number): number => PANEL * Math.ceil(C / PANEL);
const range = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);
const sum = (values: readonly number[]): number => values.reduce((all, v) => all + v, 0);

export const groups: Family = (memory) => {
  const { f32 } = memory;
  const at = (byte: number, i: number): number => f32[(byte >> 2) + i]!;
  const put = (byte: number, i: number, value: number): void => {
    f32[(byte >> 2) + i] = value;
  };

  return {
    row_normalize(d, b, from, to) {
      const a = readArguments('row_normalize', memory, d, b);
      for (let row = from * ROWS; row < Math.min(to * ROWS, rowsOf(memory, b) * a.m); row++) {
        const x = range(a.C).map((c) => at(a.at.x, row * a.C + c));
        const mean = a.mode === 0 ? sum(x) / a.C : 0;
        const squares = sum(x.map((v) => (v - mean) ** 2));
        const inverse = 1 / Math.sqrt(a.mode === 2 ? Math.max(squares, a.epsilon) : squares / a.C + a.epsilon);
        put(a.at.norm, 2 * row, mean);
        put(a.at.norm, 2 * row + 1, inverse);
        x.forEach((v, c) => {
          const scale = a.hasGamma ? at(a.at.gamma, c) : 1;
          put(a.at.y, row * a.C + c, (v - mean) * inverse * scale + (a.hasBeta ? at(a.at.beta, c) : 0));
        });
      }
    },

    row_normalize_backward(d, b, from, to) {
      const a = readArguments('row_normalize_backward', memory, d, b);
      for (let row = from * ROWS; row < Math.min(to * ROWS, rowsOf(memory, b) * a.m); row++) {
        const [mean, inverse] = [at(a.at.norm, 2 * row), at(a.at.norm, 2 * row + 1)];
        const g = range(a.C).map((c) => at(a.at.dy, row * a.C + c) * (a.hasGamma ? at(a.at.gamma, c) : 1));
        const n = range(a.C).map((c) => (at(a.at.x, row * a.C + c) - mean) * inverse);
        const ofSum = a.mode === 0 ? sum(g) / a.C : 0;
        const ofProduct = sum(g.map((v, c) => v * n[c]!)) / (a.mode === 2 ? 1 : a.C);
        g.forEach((v, c) => {
          put(a.at.dx, row * a.C + c, inverse * (v - ofSum - n[c]! * ofProduct));
        });
      }
    },

    row_normalize_gradients(d, b, from, to) {
      const a = readArguments('row_normalize_gradients', memory, d, b);
      const rows = range(rowsOf(memory, b) * a.m);
      for (let c = from * PANEL; c < Math.min(to * PANEL, a.C); c++) {
        const dy = rows.map((row) => at(a.at.dy, row * a.C + c));
        const n = rows.map((row) => (at(a.at.x, row * a.C + c) - at(a.at.norm, 2 * row)) * at(a.at.norm, 2 * row + 1));
        if (a.hasGamma) {
          put(a.at.dGamma, c, sum(dy.map((v, row) => v * n[row]!)));
          addLadder(memory, b, a.at.dGamma + 4 * c, a.offset.dGamma + 4 * c);
        }
        if (a.hasBeta) {
          put(a.at.dBeta, c, sum(dy));
          addLadder(memory, b, a.at.dBeta + 4 * c, a.offset.dBeta + 4 * c);
        }
      }
    },

    group_normalize(d, b, from, to) {
      const a = readArguments('group_normalize', memory, d, b);
      const size = a.C / a.groups;
      const pixels = range(a.H * a.W).map((p) => [Math.floor(p / a.W), (p % a.W) * a.C] as const);
      for (let image = from; image < to; image++)
        for (let c = 0; c < a.C; c++) {
          const x = (channel: number) =>
            pixels.map(([h, w]) => at(a.at.x, image * a.xImage + h * a.xRow + w + channel));
          const first = Math.floor(c / size) * size;
          const all = range(size).flatMap((i) => x(first + i));
          const mean = sum(all) / all.length;
          const inverse = 1 / Math.sqrt(sum(all.map((v) => (v - mean) ** 2)) / all.length + a.epsilon);
          const scale = inverse * (a.hasGamma ? at(a.at.gamma, c) : 1);
          const shift = (a.hasBeta ? at(a.at.beta, c) : 0) - mean * scale;
          [scale, shift, mean, inverse].forEach((value, i) => {
            put(a.at.norm, (4 * image + i) * padded(a.C) + c, value);
          });
          x(c).forEach((v, p) => {
            put(a.at.y, image * a.yImage + pixels[p]![0] * a.yRow + pixels[p]![1] + c, v * scale + shift);
          });
        }
    },

    group_normalize_backward(d, b, from, to) {
      const a = readArguments('group_normalize_backward', memory, d, b);
      const [size, P] = [a.C / a.groups, padded(a.C)];
      const count = a.H * a.W * size;
      for (let image = from; image < to; image++) {
        const norm = (i: number, c: number): number => at(a.at.norm, (4 * image + i) * P + c);
        const kept = range(4).map((i) => range(a.C).map((c) => norm(i, c)));
        const each = (visit: (dy: number, x: number, c: number, h: number, w: number) => void): void => {
          for (let h = 0; h < a.H; h++)
            for (let w = 0; w < a.W; w++)
              for (let c = 0; c < a.C; c++) {
                const dy = at(a.at.dy, image * a.dyImage + h * a.dyRow + w * a.C + c);
                visit(dy, at(a.at.x, image * a.xImage + h * a.xRow + w * a.C + c) - kept[2]![c]!, c, h, w);
              }
        };
        const dGamma = new Float64Array(a.C);
        const dBeta = new Float64Array(a.C);
        each((dy, x, c) => {
          dGamma[c]! += dy * x * kept[3]![c]!;
          dBeta[c]! += dy;
        });
        range(a.C).forEach((c) => {
          put(a.at.partial, 2 * image * a.C + c, dGamma[c]!);
          put(a.at.partial, (2 * image + 1) * a.C + c, dBeta[c]!);
        });
        const factors = range(a.C).map((c) => {
          const first = Math.floor(c / size) * size;
          const inverse = kept[3]![c]!;
          const over = (of: Float64Array) =>
            sum(range(size).map((i) => (kept[0]![first + i]! / inverse) * of[first + i]!));
          return { product: (-over(dGamma) / count) * inverse * inverse, sum: (-over(dBeta) / count) * inverse };
        });
        factors.forEach((f, c) => {
          put(a.at.norm, (4 * image + 1) * P + c, f.product);
          put(a.at.norm, (4 * image + 3) * P + c, f.sum);
        });
        if (!a.wantInput) continue;
        each((dy, x, c, h, w) => {
          const value = kept[0]![c]! * dy + factors[c]!.product * x + factors[c]!.sum;
          put(a.at.dx, image * a.dxImage + h * a.dxRow + w * a.C + c, value);
        });
      }
    },
  };
};
