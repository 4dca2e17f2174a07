// pooling.ts: reference twins of max and average pooling. A window is clamped to the image: padding is never read.
import { readArguments } from '../abi.ts';
import type { Family } from '../reference.ts';

interface Window {
  readonly OH: number;
  readonly OW: number;
  readonly C: number;
  readonly poolH: number;
  readonly poolW: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly H: number;
  readonly W: number;
}
/** A pixel that a window sees; `tap` = ky * poolW + kx. */
interface Pixel {
  readonly y: number;
  readonly x: number;
  readonly tap: number;
}

/** Calls `visit` for every output pixel with the pixels of its window that lie inside the image, in (ky, kx) order. */
function eachWindow(a: Window, visit: (oy: number, ox: number, pixels: readonly Pixel[]) => void): void {
  for (let oy = 0; oy < a.OH; oy++)
    for (let ox = 0; ox < a.OW; ox++) {
      const pixels: Pixel[] = [];
      for (let ky = 0; ky < a.poolH; ky++)
        for (let kx = 0; kx < a.poolW; kx++) {
          const y = oy * a.strideH - a.padTop + ky;
          const x = ox * a.strideW - a.padLeft + kx;
          if (y >= 0 && y < a.H && x >= 0 && x < a.W) pixels.push({ y, x, tap: ky * a.poolW + kx });
        }
      visit(oy, ox, pixels);
    }
}

export const pooling: Family = (memory) => ({
  maxpool(d, b, from, to) {
    const a = readArguments('maxpool', memory, d, b);
    for (let image = from; image < to; image++)
      eachWindow(a, (oy, ox, pixels) => {
        for (let c = 0; c < a.C; c++) {
          let best = Number.NEGATIVE_INFINITY;
          let tap = pixels[0]!.tap;
          for (const pixel of pixels) {
            const value = memory.f32[(a.at.x >> 2) + image * a.xImage + pixel.y * a.xRow + pixel.x * a.C + c]!;
            // the first NaN wins, and stays
            if (!(value > best || (Number.isNaN(value) && !Number.isNaN(best)))) continue;
            best = value;
            tap = pixel.tap;
          }
          memory.f32[(a.at.y >> 2) + image * a.yImage + oy * a.yRow + ox * a.C + c] = best;
          if (a.wantIndex) memory.u8[a.at.index + ((image * a.OH + oy) * a.OW + ox) * a.C + c] = tap;
        }
      });
  },

  maxpool_backward(d, b, from, to) {
    const a = readArguments('maxpool_backward', memory, d, b);
    for (let image = from; image < to; image++) {
      const dx = (y: number, x: number, c: number) => (a.at.dx >> 2) + image * a.dxImage + y * a.dxRow + x * a.C + c;
      for (let y = 0; y < a.H; y++) memory.f32.fill(0, dx(y, 0, 0), dx(y, a.W, 0));
      eachWindow(a, (oy, ox, pixels) => {
        for (let c = 0; c < a.C; c++) {
          const tap = memory.u8[a.at.index + ((image * a.OH + oy) * a.OW + ox) * a.C + c]!;
          const pixel = pixels.find((candidate) => candidate.tap === tap);
          if (!pixel) continue;
          if (a.mask && memory.f32[(a.at.y >> 2) + image * a.yImage + oy * a.yRow + ox * a.C + c]! <= 0) continue;
          const dy = memory.f32[(a.at.dy >> 2) + image * a.dyImage + oy * a.dyRow + ox * a.C + c]!;
          memory.f32[dx(pixel.y, pixel.x, c)]! += dy;
        }
      });
    }
  },

  maxpool_gradient(d, b, from, to) {
    const a = readArguments('maxpool_gradient', memory, d, b);
    for (let image = from; image < to; image++) {
      const dx = (y: number, x: number, c: number) => (a.at.dx >> 2) + image * a.dxImage + y * a.dxRow + x * a.C + c;
      for (let y = 0; y < a.H; y++) memory.f32.fill(0, dx(y, 0, 0), dx(y, a.W, 0));
      eachWindow(a, (oy, ox, pixels) => {
        for (let c = 0; c < a.C; c++) {
          let best = pixels[0];
          if (!best) continue; // a window that sees padding alone
          const valueAt = ({ y, x }: Pixel) => memory.f32[(a.at.x >> 2) + image * a.xImage + y * a.xRow + x * a.C + c]!;
          for (const pixel of pixels) {
            if (Number.isNaN(valueAt(best))) break;
            if (!(valueAt(pixel) <= valueAt(best))) best = pixel;
          }
          const dy = memory.f32[(a.at.dy >> 2) + image * a.dyImage + oy * a.dyRow + ox * a.C + c]!;
          memory.f32[dx(best.y, best.x, c)]! += dy;
        }
      });
    }
  },

  avgpool(d, b, from, to) {
    const a = readArguments('avgpool', memory, d, b);
    for (let image = from; image < to; image++)
      eachWindow(a, (oy, ox, pixels) => {
        for (let c = 0; c < a.C; c++) {
          let sum = 0;
          for (const { y, x } of pixels)
            sum += memory.f32[(a.at.x >> 2) + image * a.xImage + y * a.xRow + x * a.C + c]!;
          memory.f32[(a.at.y >> 2) + image * a.yImage + oy * a.yRow + ox * a.C + c] = sum / pixels.length;
        }
      });
  },

  avgpool_backward(d, b, from, to) {
    const a = readArguments('avgpool_backward', memory, d, b);
    for (let image = from; image < to; image++) {
      const dx = (y: number, x: number, c: number) => (a.at.dx >> 2) + image * a.dxImage + y * a.dxRow + x * a.C + c;
      for (let y = 0; y < a.H; y++) memory.f32.fill(0, dx(y, 0, 0), dx(y, a.W, 0));
      eachWindow(a, (oy, ox, pixels) => {
        for (let c = 0; c < a.C; c++) {
          const dy = memory.f32[(a.at.dy >> 2) + image * a.dyImage + oy * a.dyRow + ox * a.C + c]!;
          for (const { y, x } of pixels) memory.f32[dx(y, x, c)]! += dy / pixels.length;
        }
      });
    }
  },
});
