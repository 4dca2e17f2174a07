// dataset-source.ts: an open Dataset as a Source: its samples as arrays, for preparation from formats that are read whole. No file.
import { workerFile } from '../base/worker-file.ts';
import { type Dataset, type Dtype, fieldBytes, type Reader, type ReaderShare, reopenReader } from './reader.ts';
import type { Content, Entry, Loader, Source } from './source.ts';

interface Shares {
  readonly train: ReaderShare;
  readonly test: ReaderShare;
}

/** Keys are "train-00000042". Classes are named by their numbers. */
export function sourceOfDataset(dataset: Dataset): Source {
  const { train, test } = dataset;
  const entries = (['train', 'test'] as const).flatMap((part) => {
    const reader = dataset[part];
    return Array.from({ length: reader.length }, (_, i): Entry => {
      const key = `${part}-${String(i).padStart(8, '0')}`;
      return { key, part, label: labelOf(reader, i), at: [part === 'train' ? 0 : 1, i] };
    });
  });
  const classes = train.classes === null ? null : Array.from({ length: train.classes }, (_, i) => String(i));
  const shares: Shares = { train: train.share(), test: test.share() };
  return {
    entries,
    classes,
    bad: [],
    ...loaderOf([train, test]),
    share: () => ({ module: workerFile('./dataset-source', import.meta.url), description: shares }),
  };
}

export const reopenSource = async ({ train, test }: Shares): Promise<Loader> =>
  loaderOf([await reopenReader(train), await reopenReader(test)]);

function loaderOf(readers: readonly [Reader, Reader]): Loader {
  return {
    async load({ at }): Promise<Content> {
      const reader = readers[at![0]!]!;
      const { shape, dtype } = reader.fields['image']!;
      const image = new Uint8Array(fieldBytes(reader.fields['image']!));
      reader.read(at![1]!, { image });
      return { kind: 'array', shape, data: arrayOf(image, dtype) };
    },
    async close() {
      for (const reader of readers) reader.close();
    },
  };
}

const arrayOf = (bytes: Uint8Array, dtype: Dtype) =>
  dtype === 'u8' ? bytes : dtype === 'f32' ? new Float32Array(bytes.buffer) : new Int32Array(bytes.buffer);

function labelOf(reader: Reader, index: number): number | null {
  const { label } = reader.fields;
  if (label?.dtype !== 'i32' || label.shape.length > 0) return null;
  const value = new Int32Array(1);
  reader.read(index, { label: new Uint8Array(value.buffer) });
  return value[0]!;
}
