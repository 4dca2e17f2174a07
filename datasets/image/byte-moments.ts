// byte-moments.ts: sums and sums of squares of bytes by channel, by our kernels. Of other numbers, and what is made of them: ../prepare/moments.ts.
import { READ_SLACK } from '../../kernels/abi.ts';
import { ALIGNMENT, createArena } from '../../kernels/arena.ts';
import { instantiate, loadKernels } from '../../kernels/load.ts';
import { CALL_BYTES, pixelCalls } from './pixel-kernels.ts';

/** More columns than this are no channels. */
export const MOST_CHANNELS = 4096;

/** Pixels of a call: the squares of more can have a sum above 2^32. */
const PIXELS = 2 ** 16;
/** Bytes of a call. */
const PIECE = 3 * PIXELS;

function open() {
  const arena = createArena(CALL_BYTES + PIECE + 8 * MOST_CHANNELS + 4 * READ_SLACK + 16 * ALIGNMENT);
  const call = pixelCalls(arena, instantiate(loadKernels(), arena.memory));
  const [x, sums, squares] = [arena.take(PIECE), arena.take(4 * MOST_CHANNELS), arena.take(4 * MOST_CHANNELS)];
  return { call, views: arena.views, x, sums, squares };
}

/** Of this thread, from its first use on. */
let own: ReturnType<typeof open> | null = null;

/**
 * Adds to the sums and squares of each channel, whose values are the last axis of `values`. Exact: whole numbers below 2^53.
 * @param sums (C), of at most MOST_CHANNELS. @param squares (C)
 * @throws SHOAL_KERNELS_MISSING
 */
export function addBytes(values: Uint8Array, sums: Float64Array, squares: Float64Array): void {
  own ??= open();
  const { call, views, ...at } = own;
  const C = sums.length;
  const pixels = Math.min(PIXELS, Math.floor(PIECE / C));
  for (let from = 0; from < values.length; from += pixels * C) {
    const piece = values.subarray(from, from + pixels * C);
    views.u8.set(piece, at.x);
    call('pixels_moments', at, { H: 1, W: piece.length / C, C });
    for (let c = 0; c < C; c++) {
      sums[c]! += views.u32[(at.sums >> 2) + c]!;
      squares[c]! += views.u32[(at.squares >> 2) + c]!;
    }
  }
}
