// drawn-reader.ts: images that are decoded when they are drawn, and kept as pixels as far as memory allows. What else is known of a sample lies in
// memory. How it is opened: drawn-source.ts.
import { ShoalError } from '../base/errors.ts';
import { workerFile } from '../base/worker-file.ts';
import { type AskedThread, startAskedThread } from './ask-thread.ts';
import type { DecodeSetup } from './decode-thread.ts';
import type { Recipe } from './image/decode.ts';
import { type MemoryDescription, reopen as reopenMemory } from './memory-reader.ts';
import { checkRead, type Field, fieldBytes, type Reader, type ReaderShare } from './reader.ts';

/** Reading an image from a slow disk, or over HTTP with all its tries, takes less. */
const DEADLINE_MS = 180_000;

/** Where encoded images are, and what becomes of them. */
export interface DrawnImages {
  readonly source: ReaderShare;
  /** Entries as JSON, one behind the other: threads share them, where a list of objects would be copied. */
  readonly entries: Uint8Array<SharedArrayBuffer>;
  /** (length + 1) Where each begins. */
  readonly starts: Float64Array<SharedArrayBuffer>;
  readonly field: Field;
  readonly recipe: Recipe;
  readonly origin: string;
}

/** `columns` has all fields but the image. Cloning it to a thread shares them, and the pixels that were decoded. */
export interface DrawnDescription extends MemoryDescription {
  readonly images: DrawnImages;
  readonly decoder: string;
  /** Pixels of the first samples, as many as there is room for: in an epoch each sample comes once, so that none is worth more than another. */
  readonly pixels: SharedArrayBuffer;
  /** (samples with a place) 1: its pixels are there. */
  readonly kept: Int32Array<SharedArrayBuffer>;
}

export function reopen(description: DrawnDescription): Reader {
  const { fields, length, classes, hash, columns, images, decoder } = description;
  const { image: field, ...others } = fields;
  const small = reopenMemory({ fields: others, length, classes, hash, columns });
  const size = fieldBytes(field!);
  const pixels = new Uint8Array(description.pixels);
  const { kept } = description;
  let row: Uint8Array<SharedArrayBuffer> | null = null;
  let thread: AskedThread<number, void> | null = null;

  function decode(index: number): Uint8Array {
    row ??= new Uint8Array(new SharedArrayBuffer(size));
    const setup: DecodeSetup = { images, row: row.buffer };
    thread ??= startAskedThread(workerFile('./decode-thread', import.meta.url), setup);
    const key = String(index);
    thread.ask(key, index);
    thread.wait(
      key,
      DEADLINE_MS,
      () => late(index, images.origin),
      () => {}, // the answer is what stands in the row
    );
    return row;
  }

  return {
    fields,
    length,
    classes,
    hash,
    decoder,
    read(index, into) {
      checkRead(fields, length, index, into);
      const { image, ...rest } = into;
      small.read(index, rest);
      if (!image) return;
      const place = pixels.subarray(index * size, (index + 1) * size);
      if (index < kept.length && Atomics.load(kept, index) === 1) {
        image.set(place);
        return;
      }
      const decoded = decode(index);
      image.set(decoded);
      if (index >= kept.length) return;
      place.set(decoded); // two threads at once write the same bytes
      Atomics.store(kept, index, 1);
    },
    share: () => ({ module: workerFile('./drawn-reader', import.meta.url), description }),
    close() {
      thread?.close();
      thread = null;
    },
  };
}

const late = (index: number, origin: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_DEADLINE',
    operation: `decode sample ${index} of ${origin}`,
    got: `no pixels within ${DEADLINE_MS / 1000} s`,
    expected: 'an image',
    hint: 'Is the storage reachable, and is memory left?',
  });
