// image-row.ts: one sample as it lies in memory: loaded, decoded, of the shape that all samples have. Which samples: load-source.ts, drawn-source.ts.
import { ShoalError } from '../base/errors.ts';
import { decodeImage, type Recipe } from './image/decode.ts';
import { turnedSize } from './image/turned-size.ts';
import { checkProportions } from './places.ts';
import { type Dtype, dtypeOf, type Field } from './reader.ts';
import type { Entry, Loader } from './source.ts';

export interface Row {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  readonly bytes: Uint8Array;
  /** Whether it was an image in a file's format. */
  readonly decoded: boolean;
}

/** @param field what it must be; without it, it may be anything. @throws {ShoalError} SHOAL_DATA_SAMPLE, SHOAL_SHAPE, SHOAL_OPTIONAL_PACKAGE */
export async function rowOf(loader: Loader, entry: Entry, origin: string, recipe: Recipe, field?: Field): Promise<Row> {
  const row = await decodedRow(loader, entry, origin, recipe);
  if (field && (String(row.shape) !== String(field.shape) || row.dtype !== field.dtype))
    throw otherShape(entry, origin, row, field);
  return row;
}

async function decodedRow(loader: Loader, entry: Entry, origin: string, recipe: Recipe): Promise<Row> {
  try {
    const content = await loader.load(entry);
    if (content.kind === 'text') throw noImage(entry);
    if (content.kind === 'array') {
      const { shape, data } = content;
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      return { shape, dtype: dtypeOf(data), bytes, decoded: false };
    }
    const { data, rows, columns, channels, source } = await decodeImage(content.bytes, entry.key, recipe);
    if (entry.boxes) checkProportions(entry, entry.boxes, source ?? (await turnedSize(content.bytes)));
    return { shape: [rows, columns, channels], dtype: 'u8', bytes: data, decoded: true };
  } catch (cause) {
    if (!(cause instanceof ShoalError) || cause.code === 'SHOAL_OPTIONAL_PACKAGE') throw cause;
    const { operation, got, expected } = cause;
    throw new ShoalError(
      {
        code: 'SHOAL_DATA_SAMPLE',
        operation: `${operation} of ${origin}`,
        got,
        expected,
        hint: 'Correct or remove the sample. `shoal data prep` lists all such samples, and leaves them out.',
      },
      { cause },
    );
  }
}

const noImage = (entry: Entry): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_FIELD',
    operation: `read ${entry.key}`,
    got: 'text',
    expected: 'an image or numbers',
    hint: 'Turn text into ids first: docs/data.md.',
  });

const otherShape = (entry: Entry, origin: string, row: Row, field: Field): ShoalError =>
  new ShoalError({
    code: 'SHOAL_SHAPE',
    operation: `read ${entry.key} of ${origin}`,
    got: `${row.dtype} of [${row.shape.join(', ')}]`,
    expected: `${field.dtype} of [${field.shape.join(', ')}], as the first sample`,
    hint: 'All samples need one shape: give "size": [rows, columns].',
  });
