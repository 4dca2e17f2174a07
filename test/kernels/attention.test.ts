// attention.test.ts: attention and its gradients against score-by-score twins: blocks of queries and keys, masks, draws, odd widths.
import { type KernelCase, kernelSuite, noise, outputsOf, zeros } from '../cases/kernel.ts';

interface Sizes {
  readonly rows: number;
  readonly heads: number;
  readonly T: number;
  readonly S: number;
  readonly D: number;
  readonly E: number;
  readonly causal?: boolean;
  /** Share of the keys that are masked. */
  readonly masked?: number;
  readonly rate?: number;
}

const sizes: readonly Sizes[] = [
  { rows: 1, heads: 1, T: 1, S: 1, D: 1, E: 1 },
  { rows: 2, heads: 3, T: 5, S: 7, D: 5, E: 9 },
  { rows: 2, heads: 2, T: 17, S: 16, D: 16, E: 32, masked: 0.3 },
  { rows: 1, heads: 2, T: 97, S: 97, D: 20, E: 20, causal: true },
  { rows: 1, heads: 1, T: 33, S: 261, D: 8, E: 8, masked: 0.5 },
  { rows: 1, heads: 1, T: 200, S: 270, D: 4, E: 12, causal: true, masked: 0.2, rate: 0.3 },
  { rows: 1, heads: 1, T: 9, S: 65, D: 300, E: 3, rate: 0.1 },
  { rows: 2, heads: 2, T: 12, S: 12, D: 6, E: 6, masked: 1, rate: 0.5 },
  { rows: 1, heads: 1, T: 70, S: 140, D: 130, E: 7, causal: true },
];

const title = (s: Sizes) =>
  `${s.rows} x ${s.heads} heads of ${s.T} queries (${s.D}) and ${s.S} keys (${s.E})${s.causal ? ', causal' : ''}${
    s.masked ? `, ${s.masked} masked` : ''
  }${s.rate ? `, ${s.rate} dropped` : ''}`;

function parts(s: Sizes) {
  const { rows, heads, T, S, D, E, causal, masked = 0, rate = 0 } = s;
  const [ldq, ldk, ldv, ldo] = [heads * D + 1, heads * D + 3, heads * E + 2, heads * E + 1];
  return {
    ints: { heads, T, S, D, E, ldq, ldk, ldv, ldo, causal: causal ? 1 : 0, hasMask: masked > 0 ? 1 : 0, site: 3 },
    floats: { scale: 1 / Math.sqrt(D), rate },
    given: {
      q: { data: noise(rows * T * ldq, 1).map((x) => 3 * x), misalign: 4 },
      k: { data: noise(rows * S * ldk, 2), misalign: 8 },
      v: { data: noise(rows * S * ldv, 3), misalign: 12 },
      mask: { data: noise(rows * S, 4).map((x) => (Math.abs(x) < masked ? 0 : 1)) },
    },
    o: { data: zeros(rows * T * ldo), misalign: 4 },
    lse: { data: zeros(rows * heads * T) },
  };
}

const common = { slot: 6, step: 9, seed: [5, 7] as const };

const forward = (s: Sizes): KernelCase<'attention'> => {
  const { ints, floats, given, o, lse } = parts(s);
  const operands = { ...given, o, lse };
  return { ...common, title: title(s), rows: s.rows, operands, ints, floats, writes: ['o', 'lse'], tolerance: 2e-6 };
};
kernelSuite('attention', sizes.map(forward));

kernelSuite(
  'attention_backward',
  sizes.map((s): KernelCase<'attention_backward'> => {
    const { ints, floats, given } = parts(s);
    const results = outputsOf('attention', forward(s));
    const [o, lse] = [results.get('o') as Float32Array, results.get('lse') as Float32Array];
    const like = ({ data, misalign }: { data: Float32Array; misalign: number }) => ({
      data: zeros(data.length),
      misalign,
    });
    return {
      ...common,
      title: title(s),
      rows: s.rows,
      operands: {
        ...given,
        o: { data: o },
        lse: { data: lse },
        dy: { data: noise(o.length, 6), misalign: 8 },
        dq: like(given.q),
        dk: like(given.k),
        dv: like(given.v),
      },
      ints,
      floats,
      writes: ['dq', 'dk', 'dv'],
      tolerance: 5e-6,
    };
  }),
);
