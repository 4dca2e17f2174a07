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
  let last: Layout | null = null;
  return (image, rows, columns) => {
    if (rows === image.rows && columns === image.columns) return image;
    const sizes: Sizes = [image.rows, image.columns, image.channels, rows, columns];
    // most images of a set have the size of the one before, and so the same tables
    const layout = last?.sizes.every((size, i) => size === sizes[i])
      ? last
      : layOut(sizes, last?.room ?? null, kernels);
    last = layout.room.bytes <= KEPT_BYTES ? layout : null;
    const { u8 } = layout.room.arena.views;
    u8.set(image.data, layout.x);
    layout.resample();
    const data = new Uint8Array(u8.subarray(layout.y, layout.y + rows * columns * image.channels));
    return { data, rows, columns, channels: image.channels };
  };
}

let own: Resample | null = null;

/** As torchvision resizes: bilinear, of as many pixels as each new one covers. The built kernels, one memory a thread. @throws SHOAL_KERNELS_MISSING */
export function resample(image: Pixels, rows: number, columns: number): Pixels {
  own ??= createResampler(({ memory }) => instantiate(loadKernels(), memory));
  return own(image, rows, columns);
}

/** Rows and columns of an image, its channels, rows and columns that it gets. */
type Sizes = readonly [H: number, W: number, C: number, rows: number, columns: number];

interface Room {
  readonly arena: Arena;
  readonly call: CallPixels;
  readonly start: number;
  readonly bytes: number;
}

/** Where images of these sizes lie, tables and all. */
interface Layout {
  readonly sizes: Sizes;
  readonly room: Room;
  readonly x: number;
  readonly y: number;
  /** From x to y. */
  resample(): void;
}

/** @param before taken again where it is large enough */
function layOut(sizes: Sizes, before: Room | null, kernels: (arena: Arena) => PixelKernels): Layout {
  const [H, W, C, rows, columns] = sizes;
  const across = resizeTaps(W, columns, 'bilinear');
  const down = resizeTaps(H, rows, 'bilinear');
  const L = columns * C;
  // (H, W, C), (H, columns, C), (rows, columns, C), and the tables
  const parts = [H * W * C, H * L, rows * L, ...tableSizes(across), ...tableSizes(down)].map(roomOf);
  const bytes = parts.reduce((a, b) => a + b);
  const room = before && bytes <= before.bytes ? before : openRoom(bytes, kernels);
  const places = parts.map((_, i) => parts.slice(0, i).reduce((a, b) => a + b, room.start));
  const [x, half, y, ...tables] = places as [number, number, number, ...number[]];
  const { u32, i32 } = room.arena.views;
  const put = ({ bounds, weights }: Taps, at: number) => {
    u32.set(bounds, tables[at]! >> 2);
    i32.set(weights, tables[at + 1]! >> 2);
    return { bounds: tables[at]!, weights: tables[at + 1]! };
  };
  const [acrossTables, downTables] = [put(across, 0), put(down, 2)];
  return {
    sizes,
    room,
    x,
    y,
    resample() {
      room.call('pixels_across', { x, ...acrossTables, y: half }, { H, N: columns, C, most: across.most, xRow: W * C });
      room.call('pixels_down', { x: half, ...downTables, y }, { H: rows, L, most: down.most });
    },
  };
}

function openRoom(bytes: number, kernels: (arena: Arena) => PixelKernels): Room {
  const arena = createArena(CALL_BYTES + bytes + ALIGNMENT * 16 + READ_SLACK);
  const call = pixelCalls(arena, kernels(arena));
  return { arena, call, start: arena.take(bytes), bytes };
}

const roomOf = (bytes: number): number => alignUp(bytes + READ_SLACK);
const tableSizes = ({ bounds, weights }: Taps): [number, number] => [bounds.byteLength, weights.byteLength];
