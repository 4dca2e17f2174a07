// memory-reader.ts: a reader over whole columns in shared memory. Not where they come from: from-arrays.ts fills and hashes them.
import { workerFile } from '../base/worker-file.ts';
import { checkRead, type Fields, fieldBytes, type Reader } from './reader.ts';

/** Cloning it to a thread shares the columns: nothing is copied. */
export interface MemoryDescription {
  readonly fields: Fields;
  readonly length: number;
  readonly classes: number | null;
  readonly hash: string;
  /** By field: `length` rows of it, packed. */
  readonly columns: Readonly<Record<string, SharedArrayBuffer>>;
}

export function reopen(description: MemoryDescription): Reader {
  const { fields, length, classes, hash } = description;
  const sizes = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, fieldBytes(field)]));
  const columns = Object.fromEntries(
    Object.keys(fields).map((name) => [name, new Uint8Array(description.columns[name]!)]),
  );
  return {
    fields,
    length,
    classes,
    hash,
    columns,
    read(index, into) {
      checkRead(fields, length, index, into);
      for (const name in into) {
        const size = sizes[name]!;
        into[name]!.set(columns[name]!.subarray(index * size, (index + 1) * size));
      }
    },
    share: () => ({ module: workerFile('./memory-reader', import.meta.url), description }),
    close() {},
  };
}
