// convolution.ts: reference twins of conv (forward and dX) and conv_dw, over the tables that the host makes. Sums in f64. Not fast.
import { readArguments } from '../abi.ts';
import type { Family } from '../reference.ts';
import { OUT_BLOCK, PANEL, ROW_BLOCK } from '../signatures/blocks.ts';
import { addLadder, relu, rowsOf } from './shared.ts';

export const convolution: Family = (memory) => ({
  conv(d, b, from, to) {
    const a = readArguments('conv', memory, d, b);
    const blocks = Math.ceil(a.pixels / ROW_BLOCK);
    const panels = Math.ceil(a.N / PANEL);
    const K = a.runs * a.len;
    for (let tile = from; tile < to; tile++) {
      const image = Math.floor(tile / blocks);
      const first = (tile % blocks) * ROW_BLOCK;
      for (let p = first; p < Math.min(a.pixels, first + ROW_BLOCK); p++)
        for (let group = 0; group < a.groups; group++)
          for (let n = 0; n < a.N; n++) {
            let sum = a.hasBias ? memory.f32[(a.at.bias >> 2) + group * a.N + n]! : 0;
            let x = ((a.at.x + memory.u32[(a.at.xTable >> 2) + p]!) >> 2) + image * a.xImage + group * a.xGroup;
            const panel = group * panels + Math.floor(n / PANEL);
            let w = (a.at.packed >> 2) + panel * K * PANEL + (n % PANEL);
            for (let run = 0; run < a.runs; run++) {
              for (let k = 0; k < a.len; k++) {
                sum += memory.f32[x++]! * memory.f32[w]!;
                w += PANEL;
              }
              x += memory.i32[(a.at.skips >> 2) + run]! >> 2;
            }
            const y = ((a.at.y + memory.u32[(a.at.yTable >> 2) + p]!) >> 2) + image * a.yImage + group * a.yGroup;
            memory.f32[y + n] = a.activation === 1 ? relu(sum) : sum;
          }
    }
  },

  conv_dw(d, b, from, to) {
    const a = readArguments('conv_dw', memory, d, b);
    const images = rowsOf(memory, b);
    const blocks = Math.ceil(a.R / OUT_BLOCK);
    const panels = Math.ceil(a.N / PANEL);
    for (let tile = from; tile < to; tile++) {
      const group = Math.floor(tile / (blocks * panels));
      const firstRow = (Math.floor(tile / panels) % blocks) * OUT_BLOCK;
      const firstColumn = (tile % panels) * PANEL;
      for (let r = firstRow; r < Math.min(a.R, firstRow + OUT_BLOCK); r++)
        for (let n = firstColumn; n < Math.min(a.N, firstColumn + PANEL); n++) {
          const x = ((a.at.x + memory.u32[(a.at.rowTable >> 2) + r]!) >> 2) + group * a.xGroup;
          const dy = (a.at.dy >> 2) + group * a.dyGroup + n;
          let sum = 0;
          for (let image = 0; image < images; image++)
            for (let h = 0; h < a.H; h++)
              for (let w = 0; w < a.W; w++)
                sum +=
                  memory.f32[x + image * a.xImage + h * a.xRow + w * a.xStep]! *
                  memory.f32[dy + image * a.dyImage + h * a.dyRow + w * a.dyStep]!;
          const at = 4 * (group * a.outGroup + r * a.ldo + n);
          memory.f32[(a.at.out + at) >> 2] = sum;
          addLadder(memory, b, a.at.out + at, a.offset.out + at);
        }
    }
  },
});
