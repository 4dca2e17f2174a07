// reader.ts: what a dataset is to everyone else: samples by index, in named fields of raw bytes. Not a file format (readers/), nor batches (feeder.ts).
import { ShoalError } from '../base/errors.ts';

export type Dtype = 'u8' | 'f32' | 'i32';

/** One named part of a sample, without a batch axis. A scalar has the shape []. */
export interface Field {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
}

export type Fields = Readonly<Record<string, Field>>;

/** Where the bytes of each wanted field go. A field that is not named is not read. */
export type Sample = Readonly<Record<string, Uint8Array>>;

/** Samples 0 to length - 1. Numbers are little endian, as in WASM memory. Reading a sample twice gives the same bytes. */
export interface Reader {
  /** By custom `image` (u8, rows x columns x channels) and `label` (i32, a scalar). */
  readonly fields: Fields;
  readonly length: number;
  /** SHA-256, in hex, of the fields and of every byte that can be read: a dataset is known by it. */
  readonly hash: string;
  /** Labels are 0 to classes - 1; null where there are none. */
  readonly classes: number | null;
  /** What decodes images when they are drawn (image/decoder.ts): it decides bits that the hash does not know of. Absent where pixels are what is hashed. */
  readonly decoder?: string;
  /**
   * Writes the fields of sample `index` that `into` names.
   * @throws {ShoalError} SHOAL_DATA_INDEX, SHOAL_DATA_FIELD
   */
  read(index: number, into: Sample): void;
  /** All samples as `read` gives them, where they lie in memory: by field, row after row. Absent where something is fetched, decoded or made. */
  readonly columns?: Readonly<Record<string, Uint8Array>>;
  /** These samples are read next, in this order, and of them these fields: what has to be fetched can be on its way. Default: nothing is. */
  ahead?(indices: Uint32Array, fields: readonly string[]): void;
  /** From this another thread opens the same reader, without doing the work of opening again. */
  share(): ReaderShare;
  close(): void;
}

/** Can be cloned to a thread. `module` is the URL of a module whose export `reopen(description)` returns the Reader. */
export interface ReaderShare {
  readonly module: string;
  readonly description: unknown;
}

/** A training part, and a part held out from it. */
export interface Dataset {
  readonly train: Reader;
  readonly test: Reader;
}

/** What decodes its images as they are drawn, for messages and profiles; nothing where nothing does. */
export const decodedBy = ({ train }: Dataset): { readonly decoder?: string } =>
  train.decoder === undefined ? {} : { decoder: train.decoder };

const DTYPE_BYTES: Readonly<Record<Dtype, number>> = { u8: 1, f32: 4, i32: 4 };

/** The type of a field that such an array holds. */
export const dtypeOf = (data: Uint8Array | Float32Array | Int32Array): Dtype =>
  data instanceof Uint8Array ? 'u8' : data instanceof Int32Array ? 'i32' : 'f32';

export const fieldElements = (field: Field): number => field.shape.reduce((product, n) => product * n, 1);

export const fieldBytes = (field: Field): number => fieldElements(field) * DTYPE_BYTES[field.dtype];

/** Opens in this thread what another thread shared. */
export async function reopenReader(share: ReaderShare): Promise<Reader> {
  const module = (await import(share.module)) as { reopen(description: unknown): Reader | Promise<Reader> };
  return module.reopen(share.description);
}

/** The checks that every reader's `read` begins with. */
export function checkRead(fields: Fields, length: number, index: number, into: Sample): void {
  if (!(Number.isInteger(index) && index >= 0 && index < length)) {
    throw new ShoalError({
      code: 'SHOAL_DATA_INDEX',
      operation: 'read a sample',
      got: `index ${index}`,
      expected: `an integer from 0 to ${length - 1}`,
      hint: 'The sampler must be made for this dataset.',
    });
  }
  for (const name in into) {
    const field = fields[name];
    const bytes = field === undefined ? -1 : fieldBytes(field);
    if (into[name]!.byteLength === bytes) continue;
    throw new ShoalError({
      code: 'SHOAL_DATA_FIELD',
      operation: `read the field "${name}" of sample ${index}`,
      got: `${into[name]!.byteLength} bytes`,
      expected: field === undefined ? `one of the fields ${Object.keys(fields).join(', ')}` : `${bytes} bytes`,
      hint: "The space for a sample must fit the dataset's fields.",
    });
  }
}
