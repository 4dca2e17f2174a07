// resident.ts: small sets, whole, in the memory of the compute threads: a batch is a list of samples then, which threads copy from there as
// they come to them. What is fetched, decoded, augmented or large is read ahead by data threads instead (feed.ts).
import type { Dataset, Reader } from '../datasets/reader.ts';
import { type TransformConfig, transformRows } from '../datasets/transforms/index.ts';
import { type Arena, alignUp } from '../kernels/arena.ts';
import { TABLE } from './control.ts';
import type { Job } from './job.ts';
import type { InputLayout } from './plan.ts';

/** Both parts of a set together: what every process may hold once more. */
const MOST = 64 * 2 ** 20;

type Fields = InputLayout['fields'];

const tableBytes = (fields: Fields): number => 4 * (1 + TABLE.words * Object.keys(fields).length);
const partBytes = ({ length }: Reader, fields: Fields): number =>
  Object.values(fields).reduce((sum, { rowBytes }) => sum + alignUp(length * rowBytes + 512), 0) +
  alignUp(tableBytes(fields) + 512);

/** Bytes that both parts of a set take; 0 where it is not kept so. */
export function residentBytes(
  { train, test }: Dataset,
  { augment }: Pick<Job, 'augment'>,
  { fields }: InputLayout,
): number {
  const inMemory = [train, test].every(({ columns }) => columns !== undefined);
  const bytes = partBytes(train, fields) + partBytes(test, fields);
  return inMemory && augment.length === 0 && bytes <= MOST ? bytes : 0;
}

/**
 * Takes one part of a set into an arena, as it comes out of the transforms.
 * @returns address of its table (control.ts, TABLE)
 */
export function takeResident(
  arena: Arena,
  reader: Reader,
  transforms: readonly TransformConfig[],
  { fields }: InputLayout,
): number {
  const { i32, u8 } = arena.views;
  const table = arena.take(tableBytes(fields)) >>> 2;
  const rows = transformRows(reader, transforms);
  const changed = new Set(transforms.map(({ field }) => field));
  i32[table] = Object.keys(fields).length;
  for (const [i, [name, { at, rowBytes }]] of Object.entries(fields).entries()) {
    const column = arena.take(reader.length * rowBytes);
    i32.set([column, rowBytes, at], table + 1 + TABLE.words * i);
    if (!changed.has(name)) u8.set(reader.columns![name]!, column);
    else
      for (let sample = 0; sample < reader.length; sample++) {
        const start = column + sample * rowBytes;
        rows.read(sample, { [name]: u8.subarray(start, start + rowBytes) });
      }
  }
  return 4 * table;
}
