// from-arrays.ts: makes a reader of arrays in memory: checked, hashed, copied once into shared memory. Not a file format.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { check, show, strict } from '../base/check.ts';
import { ShoalError } from '../base/errors.ts';
import { type MemoryDescription, reopen } from './memory-reader.ts';
import { type Fields, fieldBytes, type Reader } from './reader.ts';

export interface Arrays {
  readonly fields: Fields;
  /** By field: the rows of all samples, packed, of the type of the field, or its bytes. What fills a SharedArrayBuffer is taken over, not copied. */
  readonly data: Readonly<Record<string, Uint8Array | Float32Array | Int32Array>>;
  /** Labels are 0 to classes - 1. Null without labels. */
  readonly classes: number | null;
  /** What the arrays came from, for messages. Default "the arrays". */
  readonly origin?: string;
}

const ARRAYS = { u8: Uint8Array, f32: Float32Array, i32: Int32Array } as const;

const field = strict({ shape: z.array(z.int().positive()), dtype: z.enum(['u8', 'f32', 'i32']) });
const schema = strict({
  fields: z.record(z.string(), field),
  data: z.record(z.string(), z.unknown()),
  classes: z.int().positive().nullable(),
  origin: z.string().optional(),
});

/** @throws {ShoalError} SHOAL_DATA_EMPTY, SHOAL_DATA_COUNT, SHOAL_DATA_FIELD, SHOAL_DATA_LABEL */
export function readerFromArrays(arrays: Arrays): Reader {
  checkArrays(arrays);
  const { fields, data, classes, origin = 'the arrays' } = arrays;
  const length = countSamples(fields, data, origin);
  const columns: Record<string, SharedArrayBuffer> = {};
  for (const name of Object.keys(fields)) {
    const { buffer, byteOffset, byteLength } = data[name]!;
    if (buffer instanceof SharedArrayBuffer && buffer.byteLength === byteLength) {
      columns[name] = buffer; // made for this: not copied again
      continue;
    }
    columns[name] = new SharedArrayBuffer(byteLength);
    new Uint8Array(columns[name]).set(new Uint8Array(buffer, byteOffset, byteLength));
  }
  if (classes !== null && fields['label']?.dtype === 'i32') {
    // by place, -1 is no label
    const least = fields['label'].shape.length > 0 ? -1 : 0;
    checkLabels(new Int32Array(columns['label']!), classes, origin, least);
  }
  return reopen({ fields, length, classes, columns, hash: hashOf({ fields, length, columns }) });
}

/** What a caller without types may have given: numbers of another type would be read as other numbers. */
function checkArrays(arrays: Arrays): void {
  const code = 'SHOAL_DATA_FIELD';
  const hint =
    "Each field has a shape, without the samples' axis, and a dtype; its data is one typed array of all samples.";
  check(schema, arrays, { code, operation: 'make a reader of arrays', hint });
  const { fields, data, origin = 'the arrays' } = arrays;
  for (const name of new Set([...Object.keys(fields), ...Object.keys(data)])) {
    const type = fields[name] && ARRAYS[fields[name].dtype];
    const array: unknown = data[name];
    if (type && (array instanceof type || array instanceof Uint8Array)) continue;
    throw new ShoalError({
      code,
      operation: `read ${origin}`,
      got: `data.${name}: ${array instanceof Object ? array.constructor.name : show(array)}`,
      expected: type ? `${type.name}, as fields.${name} says` : `one of the fields ${Object.keys(fields).join(', ')}`,
      hint,
    });
  }
}

function countSamples(fields: Fields, data: Arrays['data'], origin: string): number {
  const operation = `read ${origin}`;
  const counts = Object.entries(fields).map(
    ([name, field]) => [name, (data[name]?.byteLength ?? 0) / fieldBytes(field)] as const,
  );
  const length = counts[0]?.[1] ?? 0;
  if (counts.some(([, count]) => count !== length) || !Number.isInteger(length)) {
    throw new ShoalError({
      code: 'SHOAL_DATA_COUNT',
      operation,
      got: counts.map(([name, count]) => `${count} of ${name}`).join(', '),
      expected: 'the same whole number of samples in every field',
      hint: 'Each field needs one row for each sample.',
    });
  }
  if (length === 0) {
    throw new ShoalError({
      code: 'SHOAL_DATA_EMPTY',
      operation,
      got: 'no samples',
      expected: 'at least one',
      hint: 'Nothing can be learnt or measured on an empty dataset.',
    });
  }
  return length;
}

/** @throws {ShoalError} SHOAL_DATA_LABEL, naming the first sample whose label is not one of 0 to classes - 1 */
export function checkLabels(labels: ArrayLike<number>, classes: number, origin: string, least = 0): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label >= least && label < classes) continue;
    throw new ShoalError({
      code: 'SHOAL_DATA_LABEL',
      operation: `read the labels of ${origin}`,
      got: `label ${label} at sample ${i}`,
      expected: `labels from ${least} to ${classes - 1}`,
      hint: 'Correct the labels, or the number of classes.',
    });
  }
}

/** Field names sorted, so that the order in which they were given does not matter. */
function hashOf({ fields, length, columns }: Pick<MemoryDescription, 'fields' | 'length' | 'columns'>): string {
  const names = Object.keys(fields).sort();
  const header = names.map((name) => [name, fields[name]!.dtype, fields[name]!.shape]);
  const hash = createHash('sha256').update(JSON.stringify([length, header]));
  for (const name of names) hash.update(new Uint8Array(columns[name]!));
  return hash.digest('hex');
}
