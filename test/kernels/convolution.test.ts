// convolution.test.ts: conv and conv_dw against their twins, and all three directions against the definition of a convolution.
import assert from 'node:assert/strict';
import {
  BINDING,
  countTiles,
  descriptorBytes,
  type KernelArguments,
  SCRATCH_BYTES,
  SPACES,
  tilesOf,
  writeDescriptor,
} from '../../kernels/abi.ts';
import { createArena } from '../../kernels/arena.ts';
import { instantiate, loadKernels } from '../../kernels/load.ts';
import {
  backwardCalls,
  eachProduct,
  forwardCall,
  type Geometry,
  haloOf,
  shapesOf,
  weightCall,
  withHalo,
} from '../cases/convolution.ts';
import { type KernelCase, kernelSuite, noise, relativeError, zeros } from '../cases/kernel.ts';

const geometries: readonly Geometry[] = [
  { images: 1, H: 3, W: 3, C: 1, N: 1, kernel: 3 },
  { images: 2, H: 9, W: 11, C: 1, N: 32, kernel: 3, pad: 1 },
  { images: 1, H: 14, W: 14, C: 3, N: 20, kernel: 5, pad: 2, stride: 2 },
  { images: 3, H: 7, W: 5, C: 17, N: 31, kernel: 3 },
  { images: 1, H: 12, W: 10, C: 16, N: 16, kernel: 1 },
  { images: 1, H: 13, W: 13, C: 32, N: 64, kernel: 3 },
  { images: 2, H: 9, W: 9, C: 4, N: 10, kernel: 3, pad: 1, stride: 2 },
  { images: 1, H: 11, W: 11, C: 5, N: 8, kernel: 3, pad: 2, dilation: 2 },
  { images: 1, H: 10, W: 10, C: 12, N: 18, kernel: 3, pad: 1, groups: 2 },
  { images: 2, H: 9, W: 8, C: 8, N: 40, kernel: 3, pad: 1, groups: 4, stride: 2, dilation: 2 },
  { images: 1, H: 20, W: 140, C: 2, N: 7, kernel: 3 },
];
const title = (g: Geometry) =>
  `${g.images} x ${g.H}x${g.W}, ${g.C} -> ${g.N}, ${g.kernel}x${g.kernel}` +
  `${g.pad ? `, pad ${g.pad}` : ''}${g.stride ? `, stride ${g.stride}` : ''}` +
  `${g.dilation ? `, dilation ${g.dilation}` : ''}${g.groups ? `, ${g.groups} groups` : ''}`;
const up = (n: number, to: number) => Math.ceil(n / to) * to;

kernelSuite(
  'conv',
  [...geometries, geometries[3]!].map((g, i): KernelCase<'conv'> => {
    const s = shapesOf(g);
    const poison = i === geometries.length;
    const call = forwardCall(s, i % 2, i % 3 === 0 || poison ? 1 : 0);
    const x = noise(s.images * s.Hp * s.Wp * s.C, 1);
    if (poison) {
      x[3] = Number.NaN;
      x[500] = Number.POSITIVE_INFINITY;
    }
    return {
      title: title(g) + (poison ? ', NaN and infinity through relu' : ''),
      rows: s.images,
      operands: {
        x: { data: x, misalign: 4 },
        packed: { data: noise(s.groups * s.kernel * s.kernel * s.c * up(s.n, 16), 2) },
        bias: { data: noise(s.N, 3), misalign: 4 },
        y: { data: noise(s.images * s.OH * s.OW * s.N, 4), misalign: 8 },
        xTable: { data: call.xTable },
        yTable: { data: call.yTable },
        skips: { data: call.skips },
      },
      ints: call.ints,
      writes: ['y'],
      tolerance: 1e-6,
    };
  }),
);

kernelSuite(
  'conv_dw',
  geometries.map((g, i): KernelCase<'conv_dw'> => {
    const s = shapesOf(g);
    const call = weightCall(s);
    const size = s.kernel * s.kernel * s.c * s.N;
    return {
      title: `${title(g)}, ladder of ${i % 4}`,
      rows: s.images,
      operands: {
        x: { data: noise(s.images * s.Hp * s.Wp * s.C, 1), misalign: 4 },
        dy: { data: noise(s.images * s.OH * s.OW * s.N, 2), misalign: 8 },
        out: {
          data: noise(size, 3),
          ladder: Array.from({ length: i % 4 }, (_, sibling) => noise(size, 4 + sibling)),
        },
        rowTable: { data: call.rowTable },
      },
      ints: call.ints,
      writes: ['out'],
      tolerance: 1e-6,
    };
  }),
);

describe('convolution by tables', () => {
  const arena = createArena(1 << 24);
  const kernels = instantiate(loadKernels(), arena.memory);
  const { views } = arena;
  const bindings = arena.take(BINDING.words * 4);
  views.u32[(bindings >> 2) + SPACES.indexOf('scratch')] = arena.take(SCRATCH_BYTES);
  const give = (data: Float32Array | Uint32Array | Int32Array) => {
    const at = arena.take(data.byteLength);
    views.u8.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    return { space: 'arena', at } as const;
  };
  const read = (operand: { at: number }, length: number) =>
    views.f32.slice(operand.at >> 2, (operand.at >> 2) + length);
  const run = (call: KernelArguments, rows: number) => {
    views.u32[(bindings >> 2) + BINDING.rows] = rows;
    const descriptor = arena.take(descriptorBytes(call.kernel));
    writeDescriptor(arena.memory.buffer, descriptor, call);
    kernels[call.kernel](descriptor, bindings, 0, countTiles(tilesOf(call.kernel, call.ints as never), rows));
  };

  for (const g of geometries)
    it(`gives y, dX and dW of ${title(g)} within 1e-6 of the definition`, () => {
      const s = shapesOf(g);
      const taps = s.kernel * s.kernel;
      const x = noise(s.images * s.H * s.W * s.C, 1);
      const w = noise(taps * s.c * s.N, 2);
      const dy = noise(s.images * s.OH * s.OW * s.N, 3);
      const expected = {
        y: new Float64Array(dy.length),
        dx: new Float64Array(x.length),
        dw: new Float64Array(w.length),
      };
      eachProduct(s, (i, j, k) => {
        expected.y[j]! += x[i]! * w[k]!;
        expected.dx[i]! += dy[j]! * w[k]!;
        expected.dw[k]! += x[i]! * dy[j]!;
      });

      const xAt = give(withHalo(x, s.images, s.H, s.W, s.C, s.pad));
      const wAt = give(w);
      const packed = give(zeros(s.groups * taps * s.c * up(s.n, 16)));
      const none = { space: 'arena', at: 0 } as const;
      const packing = { K: taps * s.c, N: s.n, ld: s.N, groups: s.groups, groupStride: s.n };
      run({ kernel: 'pack_panels', operands: { source: wAt, packed }, ints: packing, floats: {} } as never, 1);
      const forward = forwardCall(s);
      const y = give(zeros(dy.length));
      const tables = { xTable: give(forward.xTable), yTable: give(forward.yTable), skips: give(forward.skips) };
      const operands = { x: xAt, packed, bias: none, y, ...tables };
      run({ kernel: 'conv', operands, ints: forward.ints, floats: {} } as never, s.images);
      assert.ok(relativeError(read(y, dy.length), expected.y) <= 1e-6, 'y');

      const dyAt = give(withHalo(dy, s.images, s.OH, s.OW, s.N, haloOf(s)));
      const dx = give(zeros(x.length));
      for (const phase of backwardCalls(s)) {
        const T = phase.taps.length;
        const turned = give(zeros(s.groups * T * s.n * up(s.c, 16)));
        const ints = { T, K: s.n, N: s.c, ld: s.N, groups: s.groups, groupStride: s.n };
        const pack = { source: wAt, taps: give(phase.taps), packed: turned };
        run({ kernel: 'pack_taps', operands: pack, ints, floats: {} } as never, 1);
        const at = { xTable: give(phase.xTable), yTable: give(phase.yTable), skips: give(phase.skips) };
        const all = { x: dyAt, packed: turned, bias: none, y: dx, ...at };
        run({ kernel: 'conv', operands: all, ints: phase.ints, floats: {} } as never, s.images);
      }
      assert.ok(relativeError(read(dx, x.length), expected.dx) <= 1e-6, 'dX');

      const weights = weightCall(s);
      const dw = give(zeros(w.length));
      const dwOperands = { x: xAt, dy: give(dy), out: dw, rowTable: give(weights.rowTable) };
      run({ kernel: 'conv_dw', operands: dwOperands, ints: weights.ints, floats: {} } as never, s.images);
      assert.ok(relativeError(read(dw, w.length), expected.dw) <= 1e-6, 'dW');
    });
});
