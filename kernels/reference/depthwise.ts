// depthwise.ts: reference twins of depthwise convolution (forward and dX) and of its weights' gradient. Sums in f64. Not fast.
import { readArguments } from '../abi.ts';
import type { Family } from '../reference.ts';
import { OUT_BLOCK, PANEL, ROW_BLOCK } from '../signatures/blocks.ts';
import { addLadder, relu, rowsOf } from './shared.ts';

export const depthwise: Family = (memory) => ({
  depthwise(d, b, from, to) {
    const a = readArguments('depthwise', memory, d, b);
    const blocks = Math.ceil(a.pixels / ROW_BLOCK);
    for (let tile = from; tile < to; tile++) {
      const image = Math.floor(tile / blocks);
      const first = (tile % blocks) * ROW_BLOCK;
      for (let p = first; p < Math.min(a.pixels, first + ROW_BLOCK); p++)
        for (let c = 0; c < a.C; c++) {
          const x = ((a.at.x + memory.u32[(a.at.xTable >> 2) + p]!) >> 2) + image * a.xImage + c;
          let sum = a.hasBias ? memory.f32[(a.at.bias >> 2) + c]! : 0;
          for (let t = 0; t < a.taps; t++) {
            const w = ((a.at.w + memory.u32[(a.at.wTaps >> 2) + t]!) >> 2) + c;
            sum += memory.f32[x + (memory.u32[(a.at.xTaps >> 2) + t]! >> 2)]! * memory.f32[w]!;
          }
          const y = ((a.at.y + memory.u32[(a.at.yTable >> 2) + p]!) >> 2) + image * a.yImage + c;
          memory.f32[y] = a.activation === 1 ? relu(sum) : sum;
        }
    }
  },

  depthwise_dw(d, b, from, to) {
    const a = readArguments('depthwise_dw', memory, d, b);
    const images = rowsOf(memory, b);
    const panels = Math.ceil(a.C / PANEL);
    for (let tile = from; tile < to; tile++) {
      const row = Math.floor(tile / panels) * OUT_BLOCK;
      const column = (tile % panels) * PANEL;
      for (let r = row; r < Math.min(a.R, row + OUT_BLOCK); r++)
        for (let c = column; c < Math.min(a.C, column + PANEL); c++) {
          const x = ((a.at.x + memory.u32[(a.at.rowTable >> 2) + r]!) >> 2) + c;
          let sum = 0;
          for (let image = 0; image < images; image++)
            for (let h = 0; h < a.H; h++)
              for (let w = 0; w < a.W; w++)
                sum +=
                  memory.f32[x + image * a.xImage + h * a.xRow + w * a.xStep]! *
                  memory.f32[(a.at.dy >> 2) + c + image * a.dyImage + h * a.dyRow + w * a.dyStep]!;
          const at = 4 * (r * a.C + c);
          memory.f32[(a.at.out + at) >> 2] = sum;
          addLadder(memory, b, a.at.out + at, a.offset.out + at);
        }
    }
  },
});
