// broken-dataset.ts: a reader of which one sample can be read a few times, and then no more. Opened in data threads as any other.
import { type Reader, type ReaderShare, reopenReader } from '../../datasets/reader.ts';

interface Description {
  readonly of: ReaderShare;
  readonly sample: number;
  /** In shared memory: reads left. */
  readonly left: Int32Array;
}

/** `reader`, whose `sample` fails from read number `reads` on, counted from 1. */
export function brokenDataset(reader: Reader, sample: number, reads: number): Reader {
  const left = new Int32Array(new SharedArrayBuffer(4)).fill(reads - 1);
  return breaking(reader, { of: reader.share(), sample, left });
}

function breaking(reader: Reader, description: Description): Reader {
  const { sample, left } = description;
  return {
    ...reader,
    read(index, into) {
      if (index === sample && Atomics.sub(left, 0, 1) <= 0) throw new Error('a bad sector');
      reader.read(index, into);
    },
    share: () => ({ module: import.meta.url, description }),
  };
}

export async function reopen(description: Description): Promise<Reader> {
  return breaking(await reopenReader(description.of), description);
}
