// jsonl.ts: tables in files of JSON objects, one a line: an object is a sample. What the keys become is table.ts.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { readText } from '../files.ts';
import { parseJsonLines } from '../formats/json-lines.ts';
import { loadSource, splitKeys } from '../load-source.ts';
import type { Source } from '../source.ts';
import { tableKeys, tableSource } from '../table.ts';
import { defineReader } from './define.ts';

const schema = strict({
  reader: z.literal('jsonl'),
  /** The file, or its URL. */
  path: z.string().min(1),
  ...tableKeys,
  ...splitKeys,
});

async function scan({ path, ...options }: z.output<typeof schema>): Promise<Source> {
  const lines = parseJsonLines(await readText(path));
  const rows = lines.map(({ line, value }) => ({ key: `line-${String(line).padStart(8, '0')}`, values: value }));
  const columns = [...new Set(rows.flatMap(({ values }) => Object.keys(values ?? {})))];
  return tableSource(columns, rows, path, options);
}

export const jsonl = defineReader({
  schema,
  scan,
  open: async (config) => loadSource(await scan(config), config.path, config),
});
