// parquet.ts: shards as Parquet files: an image and its label a row, or a column for each number. By hyparquet-writer, which is optional.
import { ShoalError } from '../../../base/errors.ts';
import { parseNpy } from '../../npy.ts';
import { importOptional } from '../../optional-package.ts';
import type { Prepared } from '../sample.ts';
import type { WriterKind, Written } from './kind.ts';

interface Column {
  readonly name: string;
  readonly data: readonly unknown[];
  readonly type?: 'BYTE_ARRAY' | 'STRING' | 'INT32' | 'FLOAT';
  /** Of a column of structs and lists, instead of the type: what follows the root. */
  readonly schema?: readonly Element[];
}

/** Of a Parquet file's schema. */
interface Element {
  readonly name: string;
  readonly type?: string;
  readonly converted_type?: string;
  readonly repetition_type?: 'REQUIRED' | 'OPTIONAL' | 'REPEATED';
  readonly num_children?: number;
}

interface ParquetWriter {
  schemaFromColumnData(options: { columnData: readonly Column[] }): Element[];
  parquetWriteBuffer(options: {
    columnData: readonly Pick<Column, 'name' | 'data'>[];
    schema: readonly Element[];
    rowGroupSize: number;
  }): ArrayBuffer;
}

/** Rows of a row group: a damaged page costs as many. */
const GROUP = 1000;

export const parquet: WriterKind = {
  ending: 'parquet',
  async create() {
    const name = 'hyparquet-writer';
    const { parquetWriteBuffer, schemaFromColumnData } = await importOptional<ParquetWriter>(
      name,
      'which writes Parquet',
      'write Parquet',
    );
    const samples: Written[] = [];
    return {
      add(sample) {
        const { prepared } = sample;
        const [kind, first] = [kindOf(prepared), kindOf((samples[0] ?? sample).prepared)];
        if (prepared.ending === 'npy' && prepared.shape!.length !== 1) throw noTable(kind);
        if (kind !== first) throw otherKind(sample.entry.key, kind, first);
        samples.push({ ...sample, prepared: { ...prepared, bytes: Uint8Array.from(prepared.bytes) } }); // a copy
        return [];
      },
      async end() {
        const columns = columnsOf(samples);
        const own = columns.map((column) => column.schema ?? schemaFromColumnData({ columnData: [column] }).slice(1));
        const schema = [{ name: 'root', num_children: columns.length }, ...own.flat()];
        const columnData = columns.map(({ name, data }) => ({ name, data }));
        return [new Uint8Array(parquetWriteBuffer({ columnData, schema, rowGroupSize: GROUP }))];
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
  return [...contentColumns(samples), ...placeColumns(samples), ...(labelled ? labels : []), keys];
}

function contentColumns(samples: readonly Written[]): Column[] {
  const ending = samples[0]?.prepared.ending;
  const bytes = samples.map(({ prepared }) => prepared.bytes);
  if (ending === 'txt')
    return [{ name: 'text', data: bytes.map((text) => new TextDecoder().decode(text)), type: 'STRING' }];
  if (ending !== 'npy') return [{ name: 'image', data: bytes, type: 'BYTE_ARRAY' }];
  const arrays = samples.map(({ prepared, entry }) => parseNpy(prepared.bytes, entry.key));
  const width = arrays[0]!.data.length;
  const type = arrays[0]!.data instanceof Float32Array ? 'FLOAT' : 'INT32';
  return Array.from({ length: width }, (_, i) => ({ name: `x${i}`, data: arrays.map(({ data }) => data[i]), type }));
}

/** Masks as PNGs; boxes in a column `objects`, as Hugging Face has them, with the image's size. */
function placeColumns(samples: readonly Written[]): Column[] {
  const all = samples.flatMap(({ prepared }) => prepared.places ?? []);
  const boxes = all.flatMap((places) => places.boxes ?? []);
  const masks = all.flatMap(({ mask }) => mask ?? []);
  if (masks.length > 0) return [{ name: 'mask', data: masks, type: 'BYTE_ARRAY' }];
  if (boxes.length === 0) return [];
  return [
    { name: 'height', data: boxes.map(({ rows }) => rows), type: 'INT32' },
    { name: 'width', data: boxes.map(({ columns }) => columns), type: 'INT32' },
    {
      name: 'objects',
      data: boxes.map(({ boxes: bbox, labels: category }) => ({ bbox, category })),
      schema: [
        { name: 'objects', repetition_type: 'REQUIRED', num_children: 2 },
        ...list('bbox', list('element', [{ name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' }])),
        ...list('category', [{ name: 'element', type: 'INT32', repetition_type: 'REQUIRED' }]),
      ],
    },
  ];
}

/** Three levels, as the format wants them. */
const list = (name: string, element: readonly Element[]): Element[] => [
  { name, repetition_type: 'REQUIRED', num_children: 1, converted_type: 'LIST' },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  ...element,
];

/** What a sample's columns are: a file has those of one kind. */
const kindOf = ({ ending, dtype, shape }: Prepared): string =>
  ending === 'txt' ? 'text' : ending === 'npy' ? `${dtype} of ${shape!.join(' x ')}` : 'an encoded image';

const noTable = (got: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_USAGE',
    operation: 'write Parquet',
    got: `tensors of several axes, ${got}`,
    expected: 'encoded images, text, or rows of numbers',
    hint: 'Use --encode png, which loses nothing of pixels, or --format webdataset or tfrecord.',
  });

const otherKind = (key: string, got: string, expected: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_USAGE',
    operation: 'write Parquet',
    got: `${key}, which is ${got}`,
    expected: `${expected}, as the samples before it`,
    hint: 'A Parquet file has one kind of columns: use --format webdataset or tfrecord.',
  });
