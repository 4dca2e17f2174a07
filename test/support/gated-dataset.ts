// gated-dataset.ts: a reader of which one sample is read only once a gate has opened. Opened in data threads as any other.
import { type Reader, type ReaderShare, reopenReader } from '../../datasets/reader.ts';

interface Description {
  readonly of: ReaderShare;
  readonly sample: number;
  /** In shared memory: 1 once the gate is open. */
  readonly gate: Int32Array;
}

const patience = 20_000;

/** `reader`, whose `sample` is waited for until `open` was called. A gate that stays shut for 20 s fails the read. */
export function gatedDataset(reader: Reader, sample: number): { reader: Reader; open(): void } {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  return {
    reader: gated(reader, { of: reader.share(), sample, gate }),
    open() {
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
    },
  };
}

function gated(reader: Reader, description: Description): Reader {
  const { sample, gate } = description;
  return {
    ...reader,
    read(index, into) {
      if (index === sample && Atomics.wait(gate, 0, 0, patience) === 'timed-out') throw new Error('the gate is shut');
      reader.read(index, into);
    },
    share: () => ({ module: import.meta.url, description }),
  };
}

export async function reopen(description: Description): Promise<Reader> {
  return gated(await reopenReader(description.of), description);
}
