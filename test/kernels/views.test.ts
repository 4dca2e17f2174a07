// views.test.ts: kernels that map one view to another.
import { kernelSuite, noise, zeros } from '../cases/kernel.ts';

kernelSuite('copy', [
  {
    title: '2 images of 3 rows of 5 floats into a halo, unaligned',
    rows: 2,
    operands: { x: { data: noise(30), misalign: 4 }, y: { data: zeros(2 * 5 * 7) } },
    ints: { H: 3, L: 5, xImage: 15, xRow: 5, yImage: 35, yRow: 7 },
    writes: ['y'],
    tolerance: 0,
  },
]);
