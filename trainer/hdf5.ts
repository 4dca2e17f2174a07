// hdf5.ts: HDF5 files in memory, by h5wasm, which is optional: what Keras' files need of it. No layout of Keras' (keras-paths.ts).
import { ShoalError } from '../base/errors.ts';
import { importOptional } from '../datasets/optional-package.ts';

/** What is used of h5wasm. */
interface H5wasm {
  readonly ready: Promise<{ activate_throwing_error_handler(): void }>;
  readonly FS: {
    writeFile(path: string, bytes: Uint8Array): void;
    readFile(path: string): Uint8Array<ArrayBuffer>;
    unlink(path: string): void;
  };
  readonly File: new (path: string, mode: 'r' | 'w') => H5File;
}
interface H5Item {
  readonly type: string;
  readonly attrs: Readonly<Record<string, { readonly value: unknown }>>;
}
interface H5Dataset extends H5Item {
  readonly shape: readonly number[] | null;
  readonly metadata: { readonly type: number; readonly size: number };
  readonly value: unknown;
}
interface H5Group extends H5Item {
  keys(): string[];
  get(path: string): H5Item | null;
  create_group(name: string): H5Group;
  create_dataset(of: { name: string; data: Float32Array; shape: readonly number[]; dtype: '<f4' }): unknown;
  create_attribute(name: string, value: unknown): void;
}
interface H5File extends H5Group {
  close(): unknown;
}

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A group or a file to read: paths are relative to it. */
export interface Hdf5Reader {
  /** A dataset of f32 or f64 values; null where there is none. */
  tensor(path: string): Tensor | null;
  /** An attribute of a group: text, or a list of texts; null where there is none. */
  attribute(path: string, name: string): string | readonly string[] | null;
  /** Names in a group, none where there is no such group. */
  children(path: string): readonly string[];
}

/** What is to be written, a tree: groups with attributes, datasets by name. */
export interface Hdf5Group {
  readonly attributes?: Readonly<Record<string, string | readonly string[]>>;
  readonly groups?: Readonly<Record<string, Hdf5Group>>;
  readonly tensors?: Readonly<Record<string, Tensor>>;
}

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const FLOATS = 1; // H5T_FLOAT
let files = 0;

async function load(operation: string): Promise<H5wasm> {
  const h5 = await importOptional<H5wasm>('h5wasm', 'which reads and writes HDF5 files', operation);
  const module = await h5.ready;
  module.activate_throwing_error_handler(); // or it prints to stderr
  return h5;
}

/**
 * Opens a file that lies in memory and hands it to `use`.
 * @param what names it in errors
 * @throws SHOAL_HDF5 where it is damaged, SHOAL_OPTIONAL_PACKAGE without h5wasm
 */
export async function readHdf5<T>(bytes: Uint8Array, what: string, use: (file: Hdf5Reader) => T): Promise<T> {
  const operation = `read ${what}`;
  const refuse = (got: string, expected: string, cause?: unknown) => {
    const hint = 'The file is damaged, or is of another kind.';
    return new ShoalError({ code: 'SHOAL_HDF5', operation, got, expected, hint }, { cause });
  };
  if (!SIGNATURE.every((byte, i) => bytes[i] === byte)) throw refuse('no HDF5 signature', 'an HDF5 file');
  const h5 = await load(operation);
  const path = `/read-${files++}.h5`;
  h5.FS.writeFile(path, bytes);
  try {
    const file = new h5.File(path, 'r');
    try {
      return use(readerOf(file, refuse));
    } finally {
      file.close();
    }
  } catch (cause) {
    if (cause instanceof ShoalError) throw cause;
    throw refuse(`what HDF5 refuses: ${(cause as Error).message?.split('\n')[0]}`, 'an HDF5 file', cause);
  } finally {
    h5.FS.unlink(path);
  }
}

function readerOf(file: H5File, refuse: (got: string, expected: string) => ShoalError): Hdf5Reader {
  const group = (path: string): H5Group | null => {
    const item = path === '' ? file : file.get(path);
    return item?.type === 'Group' || item === file ? (item as H5Group) : null;
  };
  return {
    tensor(path) {
      const item = file.get(path);
      if (item?.type !== 'Dataset') return null;
      const { metadata, shape, value } = item as H5Dataset;
      const known = metadata.type === FLOATS && (value instanceof Float32Array || value instanceof Float64Array);
      if (!known && typeof value !== 'number') throw refuse(`${path} of another type`, 'f32 or f64 values');
      return {
        shape: shape ?? [],
        data: Float32Array.from(typeof value === 'number' ? [value] : (value as Float32Array)),
      };
    },
    attribute(path, name) {
      const value = group(path)?.attrs[name]?.value;
      if (typeof value === 'string') return value;
      if (value instanceof Uint8Array) return new TextDecoder().decode(value);
      return value === undefined ? null : Array.from(value as Iterable<unknown>, String); // an empty list comes as numbers
    },
    children: (path) => group(path)?.keys() ?? [],
  };
}

/** The bytes of an HDF5 file. @throws SHOAL_OPTIONAL_PACKAGE without h5wasm */
export async function writeHdf5(root: Hdf5Group, what: string): Promise<Uint8Array<ArrayBuffer>> {
  const h5 = await load(`write ${what}`);
  const path = `/write-${files++}.h5`;
  const file = new h5.File(path, 'w');
  try {
    fill(file, root);
  } finally {
    file.close();
  }
  try {
    return h5.FS.readFile(path);
  } finally {
    h5.FS.unlink(path);
  }
}

function fill(at: H5Group, { attributes = {}, groups = {}, tensors = {} }: Hdf5Group): void {
  for (const [name, value] of Object.entries(attributes)) at.create_attribute(name, value);
  for (const [name, { shape, data }] of Object.entries(tensors)) at.create_dataset({ name, data, shape, dtype: '<f4' });
  for (const [name, group] of Object.entries(groups)) fill(at.create_group(name), group);
}
