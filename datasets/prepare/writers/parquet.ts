// parquet.ts: shards as Parquet files: an image and its label a row, or a column for each number. By hyparquet-writer, which is optional.
import { ShoalError } from '../../../base/errors.ts';
import { parseNpy } from '../../npy.ts';
import { importOptional } from '../../optional-package.ts';
import type { WriterKind, Written } from './kind.ts';

interface Column {
  readonly name: string;
  readonly data: readonly unknown[];
  readonly type: 'BYTE_ARRAY' | 'STRING' | 'INT32' | 'FLOAT';
}

interface ParquetWriter {
  parquetWriteBuffer(options: { columnData: readonly Column[]; rowGroupSize: number }): ArrayBuffer;
}

/** Rows of a row group: a damaged page costs as many. */
const GROUP = 1000;

export const parquet: WriterKind = {
  ending: 'parquet',
  async create() {
    const name = 'hyparquet-writer';
    const { parquetWriteBuffer } = await importOptional<ParquetWriter>(name, 'which writes Parquet', 'write Parquet');
    const samples: Written[] = [];
    return {
      add(sample) {
        samples.push(sample);
        return [];
      },
      async end() {
        return [new Uint8Array(parquetWriteBuffer({ columnData: columnsOf(samples), rowGroupSize: GROUP }))];
      },
    };
  },
};

function columnsOf(samples: readonly Written[]): Column[] {
  const labelled = samples.some(({ entry }) => entry.label !== null);
  const labels: Column[] = [
    { name: 'label', data: samples.map(({ entry }) => entry.label), type: 'INT32' },
    { name: 'label_name', data: samples.map(({ labelName }) => labelName), type: 'STRING' },
  ];
  const keys: Column = { name: 'key', data: samples.map(({ entry }) => entry.key), type: 'STRING' };
  return [...contentColumns(samples), ...(labelled ? labels : []), keys];
}

function contentColumns(samples: readonly Written[]): Column[] {
  const ending = samples[0]?.prepared.ending;
  const bytes = samples.map(({ prepared }) => prepared.bytes);
  if (ending === 'txt')
    return [{ name: 'text', data: bytes.map((text) => new TextDecoder().decode(text)), type: 'STRING' }];
  if (ending !== 'npy') return [{ name: 'image', data: bytes, type: 'BYTE_ARRAY' }];
  const arrays = samples.map(({ prepared, entry }) => parseNpy(prepared.bytes, entry.key));
  const width = arrays[0]!.data.length;
  if (arrays.some(({ shape, data }) => shape.length !== 1 || data.length !== width)) throw noTable();
  const type = arrays[0]!.data instanceof Float32Array ? 'FLOAT' : 'INT32';
  return Array.from({ length: width }, (_, i) => ({ name: `x${i}`, data: arrays.map(({ data }) => data[i]), type }));
}

const noTable = (): ShoalError =>
  new ShoalError({
    code: 'SHOAL_USAGE',
    operation: 'write Parquet',
    got: 'tensors of several axes',
    expected: 'encoded images, text, or rows of numbers',
    hint: 'Use --encode png, or --format webdataset.',
  });
