// attention-draws.test.ts: dropout of attention's weights where one sample has more of them than 2^32. Smaller shapes: attention.test.ts.
import assert from 'node:assert/strict';
import { BINDING, descriptorBytes, SCRATCH_BYTES, SPACES, viewsOf, writeDescriptor } from '../../kernels/abi.ts';
import { instantiate, loadKernels } from '../../kernels/load.ts';
import { referenceKernels } from '../../kernels/reference.ts';
import { noise } from '../cases/kernel.ts';

// of so many heads one is computed; of each head but its first column lies elsewhere, so they share rows
const [HEADS, T, S] = [2 ** 15 + 1, 32, 4096];
const FIRST_BEYOND = 2 ** 32 / (T * S);
const NAMES = ['q', 'k', 'v', 'mask', 'o', 'lse', 'dy', 'dq', 'dk', 'dv'] as const;

describe('dropout of attention beyond 2^32 weights a sample', () => {
  const memory = new WebAssembly.Memory({ initial: 1024, maximum: 65536, shared: true });
  const views = viewsOf(memory.buffer);
  const length = HEADS + S;
  let top = 1024;
  const take = (bytes: number) => {
    const at = top;
    top = Math.ceil((at + bytes + 64) / 64) * 64;
    return at;
  };
  const bindings = take(BINDING.words * 4);
  views.u32[(bindings >> 2) + BINDING.base + SPACES.indexOf('scratch')] = take(SCRATCH_BYTES);
  const operands = Object.fromEntries(
    NAMES.map((name) => [name, { space: 'arena', at: take(4 * (name === 'lse' ? HEADS * T : length)) }]),
  ) as Record<(typeof NAMES)[number], { space: 'arena'; at: number }>;
  const ints = {
    ...{ heads: HEADS, T, S, D: 1, E: 1, ldq: 1, ldk: 1, ldv: 1, ldo: 1 },
    causal: 0,
    hasMask: 0,
    site: 3,
  };
  const [forward, backward] = (['attention', 'attention_backward'] as const).map((kernel) => {
    const at = take(descriptorBytes(kernel));
    writeDescriptor(memory.buffer, at, { kernel, operands, ints, floats: { scale: 1, rate: 0.5 } } as never);
    return at;
  }) as [number, number];
  const floats = (name: (typeof NAMES)[number], from: number, count: number) =>
    views.f32.slice((operands[name].at >> 2) + from, (operands[name].at >> 2) + from + count);
  for (const [i, name] of (['q', 'k', 'v', 'dy'] as const).entries())
    views.f32.set(noise(length, i), operands[name].at >> 2);

  const head = (tile: number, kernels: ReturnType<typeof referenceKernels>) => {
    kernels.attention!(forward, bindings, tile, tile + 1);
    kernels.attention_backward!(backward, bindings, tile, tile + 1);
    const results = {
      o: floats('o', tile, T),
      dv: floats('dv', tile, S),
      dk: floats('dk', tile, S),
      dq: floats('dq', tile, T),
    };
    return Object.values(results).flatMap((values) => [...values]);
  };
  for (const build of ['simd', 'relaxed'] as const)
    it(`draws the first head beyond them as the twin does, within 2e-6, in the ${build} build`, () => {
      const kernels = instantiate(loadKernels(build), memory);
      const ours = head(FIRST_BEYOND, kernels);
      head(FIRST_BEYOND, referenceKernels(views)).forEach((value, i) => {
        assert.ok(Math.abs(value - ours[i]!) < 2e-6, `place ${i}: ${ours[i]}, not ${value}`);
      });
    });
});
