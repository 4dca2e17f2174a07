// decode-thread.ts: the thread that reads and decodes for one that waits (drawn-reader.ts): one image at a time.
import { answerQuestions } from './ask-thread.ts';
import type { DrawnImages } from './drawn-reader.ts';
import { rowOf } from './image-row.ts';
import { type Entry, reopenSource } from './source.ts';

/** What it is told: the pixels of an answer lie in `row`. */
export interface DecodeSetup {
  readonly images: DrawnImages;
  readonly row: SharedArrayBuffer;
}

answerQuestions(async ({ images, row }: DecodeSetup) => {
  const { source, entries, starts, field, recipe, origin } = images;
  const loader = await reopenSource(source);
  const pixels = new Uint8Array(row);
  return async (index: number): Promise<void> => {
    const text = new TextDecoder().decode(entries.slice(starts[index], starts[index + 1])); // a copy: not of shared memory
    pixels.set((await rowOf(loader, JSON.parse(text) as Entry, origin, recipe, field)).bytes);
  };
});
