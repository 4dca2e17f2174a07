// attention.ts: reference twins of attention, score by score, in f64. Not its projections (matrix.ts).
import { draws, type Seed, unit } from '../../base/random.ts';
import { BINDING, readArguments, type Views } from '../abi.ts';
import type { Family } from '../reference.ts';

type Ints = Readonly<Record<'heads' | 'T' | 'S' | 'D' | 'E' | 'ldq' | 'ldk' | 'ldv' | 'ldo', number>>;
type Options = Readonly<Record<'causal' | 'hasMask' | 'site' | 'scale' | 'rate', number>>;
interface Call extends Ints, Options {
  readonly at: Readonly<Record<'q' | 'k' | 'v' | 'mask' | 'o' | 'lse', number>>;
}

/** Of one head of one sample: where its rows begin, in floats, and what dropout multiplies each weight by. */
function headOf(memory: Views, bindings: number, a: Call, tile: number) {
  const [image, head] = [Math.floor(tile / a.heads), tile % a.heads];
  const word = bindings >> 2;
  const seed: Seed = [memory.u32[word + BINDING.seedLow]!, memory.u32[word + BINDING.seedHigh]!];
  const draw = draws(seed, memory.u32[word + BINDING.slot]! + image, a.site, memory.u32[word + BINDING.step]!);
  const padded = Math.ceil(a.S / 32) * 32;
  return {
    q: image * a.T * a.ldq + head * a.D,
    k: image * a.S * a.ldk + head * a.D,
    v: image * a.S * a.ldv + head * a.E,
    o: image * a.T * a.ldo + head * a.E,
    lse: (a.at.lse >> 2) + tile * a.T,
    open: (t: number, s: number) =>
      !(a.causal && s > t) && !(a.hasMask && memory.f32[(a.at.mask >> 2) + image * a.S + s] === 0),
    keep: (t: number, s: number) =>
      a.rate === 0 ? 1 : unit(draw((head * a.T + t) * padded + s)) >= a.rate ? 1 / (1 - a.rate) : 0,
  };
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

export const attention: Family = (memory) => {
  const dot = (x: number, y: number, n: number): number =>
    range(n).reduce((sum, i) => sum + memory.f32[x + i]! * memory.f32[y + i]!, 0);

  return {
    attention(d, b, from, to) {
      const a = readArguments('attention', memory, d, b);
      for (let tile = from; tile < to; tile++) {
        const h = headOf(memory, b, a, tile);
        for (let t = 0; t < a.T; t++) {
          const scores = range(a.S).map((s) =>
            h.open(t, s)
              ? a.scale * dot((a.at.q >> 2) + h.q + t * a.ldq, (a.at.k >> 2) + h.k + s * a.ldk, a.D)
              : Number.NEGATIVE_INFINITY,
          );
          const top = Math.max(...scores);
          const none = top === Number.NEGATIVE_INFINITY;
          const powers = scores.map((score) => (none ? 0 : Math.exp(score - top)));
          const sum = powers.reduce((x, y) => x + y, 0);
          memory.f32[h.lse + t] = none ? Number.POSITIVE_INFINITY : top + Math.log(sum);
          for (let e = 0; e < a.E; e++)
            memory.f32[(a.at.o >> 2) + h.o + t * a.ldo + e] = none
              ? 0
              : powers.reduce(
                  (total, p, s) => total + (p / sum) * h.keep(t, s) * memory.f32[(a.at.v >> 2) + h.v + s * a.ldv + e]!,
                  0,
                );
        }
      }
    },

    attention_backward(d, b, from, to) {
      const a = readArguments('attention_backward', memory, d, b);
      const { f32 } = memory;
      for (let tile = from; tile < to; tile++) {
        const h = headOf(memory, b, a, tile);
        const [dq, dk] = [new Float64Array(a.T * a.D), new Float64Array(a.S * a.D)];
        const dv = new Float64Array(a.S * a.E);
        for (let t = 0; t < a.T; t++) {
          const [q, dy] = [(a.at.q >> 2) + h.q + t * a.ldq, (a.at.dy >> 2) + h.o + t * a.ldo];
          const lost = dot(dy, (a.at.o >> 2) + h.o + t * a.ldo, a.E);
          for (let s = 0; s < a.S; s++) {
            if (!h.open(t, s)) continue;
            const k = (a.at.k >> 2) + h.k + s * a.ldk;
            const p = Math.exp(a.scale * dot(q, k, a.D) - f32[h.lse + t]!);
            const keep = h.keep(t, s);
            const ds = p * (keep * dot(dy, (a.at.v >> 2) + h.v + s * a.ldv, a.E) - lost) * a.scale;
            for (let c = 0; c < a.D; c++) {
              dq[t * a.D + c]! += ds * f32[k + c]!;
              dk[s * a.D + c]! += ds * f32[q + c]!;
            }
            for (let e = 0; e < a.E; e++) dv[s * a.E + e]! += p * keep * f32[dy + e]!;
          }
        }
        const put = (from: Float64Array, width: number, at: number, ld: number) =>
          from.forEach((value, i) => {
            f32[(at >> 2) + Math.floor(i / width) * ld + (i % width)] = value;
          });
        put(dq, a.D, a.at.dq + 4 * h.q, a.ldq);
        put(dk, a.D, a.at.dk + 4 * h.k, a.ldk);
        put(dv, a.E, a.at.dv + 4 * h.v, a.ldv);
      }
    },
  };
};
