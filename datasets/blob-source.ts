// blob-source.ts: encoded images or texts of any length, packed in shared memory, as a Source: what formats give that are read whole.
import { workerFile } from '../base/worker-file.ts';
import { sharedBytes } from './array-source.ts';
import { decodeMask, ownClass } from './image/mask.ts';
import type { Content, Entry, Loader, Source } from './source.ts';

interface Blobs {
  /** What they are; texts are UTF-8. */
  readonly kind: 'image' | 'text';
  readonly data: Uint8Array<SharedArrayBuffer>;
  /** (samples + 1) Where each begins; the last is the end. */
  readonly starts: Float64Array;
}

interface Packed {
  readonly samples: Blobs;
  /** Beside images, PNGs whose bytes are classes; null where there are none. */
  readonly masks: Blobs | null;
}

/** Sample i is the entry with at[0] = i. */
export function blobSource(
  about: Pick<Source, 'entries' | 'classes' | 'bad'>,
  kind: Blobs['kind'],
  samples: readonly Uint8Array[],
  masks: readonly Uint8Array[] | null = null,
): Source {
  const packed: Packed = { samples: pack(kind, samples), masks: masks && pack('image', masks) };
  return {
    ...about,
    ...reopenSource(packed),
    share: () => ({ module: workerFile('./blob-source', import.meta.url), description: packed }),
  };
}

function pack(kind: Blobs['kind'], samples: readonly Uint8Array[]): Blobs {
  const starts = new Float64Array(samples.length + 1);
  samples.forEach((bytes, i) => {
    starts[i + 1] = starts[i]! + bytes.length;
  });
  return { kind, data: sharedBytes(samples), starts };
}

const bytesOf = ({ data, starts }: Blobs, { at }: Entry): Uint8Array =>
  data.slice(starts[at![0]!], starts[at![0]! + 1]);

export function reopenSource({ samples, masks }: Packed): Loader {
  const { kind } = samples;
  return {
    async load(entry: Entry): Promise<Content> {
      const bytes = bytesOf(samples, entry);
      return kind === 'image' ? { kind, bytes } : { kind, text: new TextDecoder().decode(bytes) };
    },
    ...(masks && {
      mask: (entry: Entry) => decodeMask(bytesOf(masks, entry), `the mask of ${entry.key}`, ownClass),
    }),
    async close() {},
  };
}
