// hooked-dataset.ts: a reader that calls a hook before one sample is read: it waits for a gate, or fails. Opened in data threads as any other.
import { type Reader, type ReaderShare, reopenReader } from '../../datasets/reader.ts';

interface Description {
  readonly of: ReaderShare;
  readonly sample: number;
  /** By name: a function does not travel to another thread. */
  readonly hook: keyof typeof HOOKS;
  /** Of the hook, in shared memory. */
  readonly state: Int32Array;
}

const patience = 20_000;

const HOOKS = {
  /** The state is 1 once the gate is open. */
  waits(state: Int32Array): void {
    if (Atomics.wait(state, 0, 0, patience) === 'timed-out') throw new Error('the gate is shut');
  },
  /** The state is the reads left. */
  breaks(state: Int32Array): void {
    if (Atomics.sub(state, 0, 1) <= 0) throw new Error('a bad sector');
  },
} as const;

/** `reader`, whose `sample` is waited for until `open` was called. A gate that stays shut for 20 s fails the read. */
export function gatedDataset(reader: Reader, sample: number): { reader: Reader; open(): void } {
  const state = shared(0);
  return {
    reader: hooked(reader, { of: reader.share(), sample, hook: 'waits', state }),
    open() {
      Atomics.store(state, 0, 1);
      Atomics.notify(state, 0);
    },
  };
}

/** `reader`, whose `sample` fails from read number `reads` on, counted from 1. */
export const brokenDataset = (reader: Reader, sample: number, reads: number): Reader =>
  hooked(reader, { of: reader.share(), sample, hook: 'breaks', state: shared(reads - 1) });

const shared = (value: number) => new Int32Array(new SharedArrayBuffer(4)).fill(value);

function hooked({ columns: _, ...reader }: Reader, description: Description): Reader {
  const { sample, hook, state } = description;
  return {
    ...reader,
    read(index, into) {
      if (index === sample) HOOKS[hook](state);
      reader.read(index, into);
    },
    share: () => ({ module: import.meta.url, description }),
  };
}

export async function reopen(description: Description): Promise<Reader> {
  return hooked(await reopenReader(description.of), description);
}
