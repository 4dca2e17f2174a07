// csv.ts: tables in CSV and TSV files: a row is a sample. What the columns become is table.ts.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { readText } from '../files.ts';
import { parseCsv } from '../formats/csv.ts';
import { loadSource, splitKeys } from '../load-source.ts';
import type { Source } from '../source.ts';
import { tableKeys, tableSource } from '../table.ts';
import { defineReader } from './define.ts';

const schema = strict({
  reader: z.literal('csv'),
  /** The file, or its URL; its first row names the columns. */
  path: z.string().min(1),
  /** Default: a tab where the first row has one and no comma, else a comma. */
  delimiter: z.string().length(1).optional(),
  ...tableKeys,
  ...splitKeys,
});

async function scan({ path, delimiter, ...options }: z.output<typeof schema>): Promise<Source> {
  const { columns, rows } = parseCsv(await readText(path), path, delimiter);
  const keyed = rows.map(({ row, values }) => ({ key: `row-${String(row).padStart(8, '0')}`, values }));
  return tableSource(columns, keyed, path, options);
}

export const csv = defineReader({
  schema,
  scan,
  open: async (config) => loadSource(await scan(config), config.path, config),
});
