// resample.ts: an image brought to another number of rows and columns by our own kernels: the same bytes on every machine. To which: placement.ts.
import { READ_SLACK } from '../../kernels/abi.ts';
import { ALIGNMENT, type Arena, alignUp, createArena } from '../../kernels/arena.ts';
import { instantiate, loadKernels } from '../../kernels/load.ts';
import type { Pixels } from './decode.ts';
import { CALL_BYTES, type CallPixels, type PixelKernels, pixelCalls } from './pixel-kernels.ts';
import { resizeTaps, type Taps } from './taps.ts';

/** Returns the image itself where it has this size. */
export type Resample = (image: Pixels, rows: number, columns: number) => Pixels;

/** A larger memory is let go after use: a few images are much larger than the others. */
const KEPT_BYTES = 2 ** 26;

/** @param kernels over the memory of an arena */
export function createResampler(kernels: (arena: Arena) => PixelKernels): Resample {
  let kept: Room | null = null;
  return (image, rows, columns) => {
    const { data, rows: H, columns: W, channels: C } = image;
    if (rows === H && columns === W) return image;
    const across = resizeTaps(W, columns, 'bilinear');
    const down = resizeTaps(H, rows, 'bilinear');
    const L = columns * C;
    // (H, W, C), (H, columns, C), (rows, columns, C), and the tables
    const sizes = [data.length, H * L, rows * L, ...tableSizes(across), ...tableSizes(down)].map(roomOf);
    const bytes = sizes.reduce((a, b) => a + b);
    const room = kept && bytes <= kept.bytes ? kept : openRoom(bytes, kernels);
    if (bytes <= KEPT_BYTES) kept = room;
    const places = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, room.start));
    const [x, half, y, ...tables] = places as [number, number, number, ...number[]];
    const { u8, u32, i32 } = room.arena.views;
    const put = ({ bounds, weights }: Taps, at: number) => {
      u32.set(bounds, tables[at]! >> 2);
      i32.set(weights, tables[at + 1]! >> 2);
      return { bounds: tables[at]!, weights: tables[at + 1]! };
    };
    u8.set(data, x);
    const acrossInts = { H, N: columns, C, most: across.most, xRow: W * C };
    room.call('pixels_across', { x, ...put(across, 0), y: half }, acrossInts);
    room.call('pixels_down', { x: half, ...put(down, 2), y }, { H: rows, L, most: down.most });
    return { data: new Uint8Array(u8.subarray(y, y + rows * L)), rows, columns, channels: C };
  };
}

let own: Resample | null = null;

/** As torchvision resizes: bilinear, of as many pixels as each new one covers. The built kernels, one memory a thread. @throws SHOAL_KERNELS_MISSING */
export function resample(image: Pixels, rows: number, columns: number): Pixels {
  own ??= createResampler(({ memory }) => instantiate(loadKernels(), memory));
  return own(image, rows, columns);
}

interface Room {
  readonly arena: Arena;
  readonly call: CallPixels;
  readonly start: number;
  readonly bytes: number;
}

function openRoom(bytes: number, kernels: (arena: Arena) => PixelKernels): Room {
  const arena = createArena(CALL_BYTES + bytes + ALIGNMENT * 16 + READ_SLACK);
  const call = pixelCalls(arena, kernels(arena));
  return { arena, call, start: arena.take(bytes), bytes };
}

const roomOf = (bytes: number): number => alignUp(bytes + READ_SLACK);
const tableSizes = ({ bounds, weights }: Taps): [number, number] => [bounds.byteLength, weights.byteLength];
