// byte-moments.ts: sums and sums of squares of bytes by channel, by our kernels. Of other numbers, and what is made of them: ../prepare/moments.ts.
import { READ_SLACK } from '../../kernels/abi.ts';
import { ALIGNMENT, type Arena, createArena } from '../../kernels/arena.ts';
import { instantiate, loadKernels } from '../../kernels/load.ts';
import { CALL_BYTES, type PixelKernels, pixelCalls } from './pixel-kernels.ts';

/** Adds to the sums and squares of each channel, whose values are the last axis of `values`. Exact: whole numbers below 2^53. */
export type AddBytes = (values: Uint8Array, sums: Float64Array, squares: Float64Array) => void;

/** Pixels of a call: the squares of more can have a sum above 2^32. */
const PIXELS = 2 ** 16;
/** Bytes of a call. */
const PIECE = 3 * PIXELS;

/** @param most channels. @param kernels over the memory of an arena */
export function createByteMoments(most: number, kernels: (arena: Arena) => PixelKernels): AddBytes {
  const arena = createArena(CALL_BYTES + PIECE + 8 * most + 4 * READ_SLACK + 16 * ALIGNMENT);
  const call = pixelCalls(arena, kernels(arena));
  const [x, at, squaresAt] = [arena.take(PIECE), arena.take(4 * most), arena.take(4 * most)];
  const { u8, u32 } = arena.views;
  return (values, sums, squares) => {
    const C = sums.length;
    const pixels = Math.min(PIXELS, Math.floor(PIECE / C));
    for (let from = 0; from < values.length; from += pixels * C) {
      const piece = values.subarray(from, from + pixels * C);
      u8.set(piece, x);
      call('pixels_moments', { x, sums: at, squares: squaresAt }, { H: 1, W: piece.length / C, C });
      for (let c = 0; c < C; c++) {
        sums[c]! += u32[(at >> 2) + c]!;
        squares[c]! += u32[(squaresAt >> 2) + c]!;
      }
    }
  };
}

/** More columns than this are no channels. */
export const MOST_CHANNELS = 4096;

let own: AddBytes | null = null;

/** The built kernels, one memory a thread. @throws SHOAL_KERNELS_MISSING */
export const addBytes: AddBytes = (values, sums, squares) => {
  own ??= createByteMoments(MOST_CHANNELS, ({ memory }) => instantiate(loadKernels(), memory));
  own(values, sums, squares);
};
