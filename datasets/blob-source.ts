// blob-source.ts: encoded images or texts of any length, packed in shared memory, as a Source: what formats give that are read whole.
import { workerFile } from '../base/worker-file.ts';
import { sharedBytes } from './array-source.ts';
import type { Content, Entry, Loader, Source } from './source.ts';

interface Blobs {
  /** What they are; texts are UTF-8. */
  readonly kind: 'image' | 'text';
  readonly data: Uint8Array<SharedArrayBuffer>;
  /** (samples + 1) Where each begins; the last is the end. */
  readonly starts: Float64Array;
}

/** Sample i is the entry with at[0] = i. */
export function blobSource(
  about: Pick<Source, 'entries' | 'classes' | 'bad'>,
  kind: Blobs['kind'],
  samples: readonly Uint8Array[],
): Source {
  const starts = new Float64Array(samples.length + 1);
  samples.forEach((bytes, i) => {
    starts[i + 1] = starts[i]! + bytes.length;
  });
  const blobs: Blobs = { kind, data: sharedBytes(samples), starts };
  return {
    ...about,
    ...reopenSource(blobs),
    share: () => ({ module: workerFile('./blob-source', import.meta.url), description: blobs }),
  };
}

export function reopenSource({ kind, data, starts }: Blobs): Loader {
  return {
    async load({ at }: Entry): Promise<Content> {
      const i = at![0]!;
      const bytes = data.slice(starts[i], starts[i + 1]);
      return kind === 'image' ? { kind, bytes } : { kind, text: new TextDecoder().decode(bytes) };
    },
    async close() {},
  };
}
