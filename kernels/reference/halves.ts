// halves.ts: reference twin of the rounding to half precision. One half at a time, from what binary16 is.
import { readArguments } from '../abi.ts';
import type { Family } from '../reference.ts';
import { elementsOf, ladder } from './reduce.ts';

const LARGEST = 65504;
const quietNaN = new Float32Array(Uint32Array.of(0x7fc00000).buffer);

/** The multiple of `unit` (a power of two) that is nearest; of two as near, the even one. */
function nearest(x: number, unit: number): number {
  const low = Math.floor(x / unit);
  const above = x / unit - low;
  const up = above > 0.5 || (above === 0.5 && low % 2 !== 0);
  return (up ? low + 1 : low) * unit;
}

/** The nearest half; finite numbers stay finite. Not for NaN. */
function half(x: number): number {
  const size = Math.abs(x);
  if (size === Number.POSITIVE_INFINITY) return x;
  const exponent = size === 0 ? -14 : Math.max(-14, Math.floor(Math.log2(size)));
  const rounded = Math.min(LARGEST, nearest(size, 2 ** (exponent - 10)));
  return x < 0 || Object.is(x, -0) ? -rounded : rounded;
}

export const halves: Family = (memory) => ({
  round_f16(d, b, from, to) {
    const a = readArguments('round_f16', memory, d, b);
    const [first, end] = elementsOf(a.count, from, to);
    for (let i = first; i < end; i++) {
      const at = (a.at.values >> 2) + i;
      const x = memory.f32[at]!;
      if (Number.isNaN(x)) memory.f32.set(quietNaN, at);
      else memory.f32[at] = half(x);
      for (const base of ladder(memory, b))
        memory.f32[at] = memory.f32[((base + a.offset.values) >> 2) + i]! + memory.f32[at]!;
    }
  },
});
