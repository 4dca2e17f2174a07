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

/** Bytes up to which a loop is quicker than a view and a copy. */
const SHORT = 64;

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
      const inside = index >= 0 && index < length && Number.isInteger(index);
      if (!inside) checkRead(fields, length, index, into); // says what is wrong
      for (const name in into) {
        const column = columns.get(name);
        const out = into[name]!;
        if (column?.size !== out.length) checkRead(fields, length, index, into);
        const { bytes, size } = column!;
        const from = index * size;
        if (size > SHORT) out.set(bytes.subarray(from, from + size));
        else for (let i = 0; i < size; i++) out[i] = bytes[from + i]!;
      }
    },
    share: () => ({ module: workerFile('./memory-reader', import.meta.url), description }),
    close() {},
  };
}
