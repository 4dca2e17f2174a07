// text-source.ts: texts in shared memory, as a Source: documents for preparation, where they become rows of ids. No tokens yet.
import { workerFile } from '../base/worker-file.ts';
import { sharedBytes } from './array-source.ts';
import type { Content, Entry, Loader, Source } from './source.ts';

interface Texts {
  /** UTF-8, packed. */
  readonly data: Uint8Array<SharedArrayBuffer>;
  /** (texts + 1) Where each begins; the last is the end. */
  readonly starts: Float64Array;
}

/** Text i is the entry with at[0] = i. */
export function textSource(about: Pick<Source, 'entries' | 'classes' | 'bad'>, texts: readonly Uint8Array[]): Source {
  const starts = new Float64Array(texts.length + 1);
  texts.forEach((bytes, i) => {
    starts[i + 1] = starts[i]! + bytes.length;
  });
  const packed: Texts = { data: sharedBytes(texts), starts };
  return {
    ...about,
    ...reopenSource(packed),
    share: () => ({ module: workerFile('./text-source', import.meta.url), description: packed }),
  };
}

export function reopenSource({ data, starts }: Texts): Loader {
  return {
    async load({ at }: Entry): Promise<Content> {
      const i = at![0]!;
      return { kind: 'text', text: new TextDecoder().decode(data.slice(starts[i], starts[i + 1])) };
    },
    async close() {},
  };
}
