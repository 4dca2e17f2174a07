// masks.test.ts: masks of places, and shares of a mean over those that are left.
import { type KernelCase, kernelSuite, noise, zeros } from '../cases/kernel.ts';

kernelSuite(
  'mask_places',
  [
    [1, 1, 1, 0],
    [3, 41, 1, 0],
    [2, 33, 5, -1],
    [70, 1, 3, 2],
  ].map(([rows, m, L, value]): KernelCase<'mask_places'> => {
    const x = noise(rows! * m! * L!, 1);
    for (let i = 0; i < x.length; i++) if (i % 3 === 0 || Math.floor(i / L!) % 4 === 0) x[i] = value!;
    return {
      title: `${rows} x ${m} places of ${L}, padded with ${value}`,
      rows: rows!,
      operands: { x: { data: x, misalign: 4 }, mask: { data: zeros(rows! * m!) } },
      ints: { m: m!, L: L! },
      floats: { value: value! },
      writes: ['mask'],
      tolerance: 0,
    };
  }),
);

kernelSuite(
  'mask_shares',
  [1, 7, 32].map((T): KernelCase<'mask_shares'> => {
    const mask = noise(4 * T, T).map((x) => (x > 0 ? 1 : 0));
    mask.fill(0, T, 2 * T);
    return {
      title: `4 samples of ${T} places, one without any`,
      rows: 4,
      operands: { mask: { data: mask }, shares: { data: zeros(4 * T) } },
      ints: { T },
      writes: ['shares'],
      tolerance: 1e-7,
    };
  }),
);
