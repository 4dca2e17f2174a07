// odd-reader.ts: a reader that fails in a chosen way in a data thread, at a chosen sample. Opened there as any other reader is.
import { checkRead, type Fields, type Reader } from '../../../datasets/reader.ts';

const FIELDS: Fields = { label: { shape: [], dtype: 'i32' } };

export interface Odd {
  /** `wait` reports in gate[0] that the sample is being read, and goes on when gate[1] is not 0. */
  readonly way: 'throw' | 'exit' | 'spin' | 'wait' | 'unopenable';
  readonly sample: number;
  /** In shared memory. gate[2] counts the samples that were begun. */
  readonly gate: Int32Array;
}

export function oddReader(odd: Odd): Reader {
  return {
    fields: FIELDS,
    length: 100,
    hash: 'odd',
    classes: 100,
    read(index, into) {
      checkRead(FIELDS, 100, index, into);
      Atomics.add(odd.gate, 2, 1);
      if (index === odd.sample) misbehave(odd);
      into['label']?.set([index, 0, 0, 0]);
    },
    share: () => ({ module: import.meta.url, description: odd }),
    close() {},
  };
}

export function reopen(odd: Odd): Reader {
  if (odd.way === 'unopenable') throw new Error('the disk is gone');
  return oddReader(odd);
}

function misbehave({ way, gate }: Odd): void {
  if (way === 'throw') throw new Error('a bad sector');
  if (way === 'exit') process.exit(3);
  if (way === 'spin') for (;;);
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  Atomics.wait(gate, 1, 0);
}
