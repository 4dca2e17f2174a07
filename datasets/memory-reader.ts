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
  const columns = new Map(
    Object.entries(fields).map(([name, field]) => [
      name,
      { bytes: new Uint8Array(description.columns[name]!), size: fieldBytes(field) },
    ]),
  );
  return {
    fields,
    length,
    classes,
    hash,
    read(index, into) {
      checkRead(fields, length, index, into);
      for (const name in into) {
        const { bytes, size } = columns.get(name)!;
        into[name]!.set(bytes.subarray(index * size, (index + 1) * size));
      }
    },
    share: () => ({ module: workerFile('./memory-reader', import.meta.url), description }),
    close() {},
  };
}
