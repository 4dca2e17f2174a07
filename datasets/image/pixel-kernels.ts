// pixel-kernels.ts: calls of the kernels on images of bytes, on addresses in an arena. What is made of them: resample.ts, ../augment/picture.ts.
import { BINDING, countTiles, type KernelEntry, type Operand, tilesOf, writeDescriptor } from '../../kernels/abi.ts';
import type { Arena } from '../../kernels/arena.ts';
import type { KernelName } from '../../kernels/signatures.ts';

export type PixelKernel = Extract<KernelName, `pixels_${string}`>;
export type PixelKernels = Readonly<Record<PixelKernel, KernelEntry>>;

/** @param operands addresses, by their names in the signature. @param ints as the signature has them */
export type CallPixels = (kernel: PixelKernel, operands: Readonly<Record<string, number>>, ints: object) => void;

/** What the calls themselves take from the arena. */
export const CALL_BYTES = 2048;

export function pixelCalls(arena: Arena, kernels: PixelKernels): CallPixels {
  const bindings = arena.take(4 * BINDING.words); // all spaces begin at 0
  const descriptor = arena.take(256);
  arena.views.u32[(bindings >> 2) + BINDING.rows] = 1;
  return (kernel, operands, ints) => {
    const spaced = Object.fromEntries(
      Object.entries(operands).map(([name, at]): [string, Operand] => [name, { space: 'arena', at }]),
    );
    writeDescriptor(arena.memory.buffer, descriptor, { kernel, operands: spaced, ints, floats: {} } as never);
    kernels[kernel](descriptor, bindings, 0, countTiles(tilesOf(kernel, ints as never), 1));
  };
}
