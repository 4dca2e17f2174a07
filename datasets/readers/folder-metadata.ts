// folder-metadata.ts: metadata.csv or metadata.jsonl beside images: which file has which label. It opens no image.
import { posix } from 'node:path';
import { ShoalError } from '../../base/errors.ts';
import { readText, within } from '../files.ts';
import { parseCsv } from '../formats/csv.ts';
import { parseJsonLines } from '../formats/json-lines.ts';
import { type Bad, byCodeUnits, type Entry, type Part, type Source } from '../source.ts';

interface File {
  readonly path: string;
  readonly part: Part | null;
}

/** Names that columns have elsewhere; the first that is there counts. */
const FILE_COLUMNS = ['file_name', 'filename', 'file', 'path', 'image'];
const LABEL_COLUMNS = ['label', 'class', 'category', 'target'];

/**
 * Entries for the files that the metadata name; what it names and is not there goes to `bad`. Labels are sorted names.
 * @throws {ShoalError} SHOAL_DATA_FORMAT for columns that are not found, and what the parsers throw
 * @param images that are there; null where nobody can list them
 */
export async function readMetadata(
  root: string,
  metadata: readonly File[],
  images: readonly File[] | null,
  bad: Bad[],
): Promise<Pick<Source, 'entries' | 'classes'>> {
  const known = images && new Set(images.map(({ path }) => path));
  const named = new Set<string>();
  const rows: { readonly entry: Omit<Entry, 'label'>; readonly label: string }[] = [];
  for (const { path, part } of metadata) {
    const text = await readText(within(root, path));
    const records = path.endsWith('.csv') ? csvRecords(text, path, bad) : jsonRecords(text, path, bad);
    for (const [at, record] of records) {
      const name = String(pick(record, FILE_COLUMNS, path));
      const label = pick(record, LABEL_COLUMNS, path);
      const file = posix.join(posix.dirname(path), name);
      const entry = { key: file, part, meta: record };
      const inside = !file.startsWith('..') && !file.startsWith('/');
      const first = known ? known.delete(file) : inside && !named.has(file);
      named.add(file);
      if (first && (label === null || label === ''))
        bad.push({ key: `${at} (${name})`, code: 'SHOAL_DATA_LABEL', reason: 'a row without its label' });
      else if (first) rows.push({ entry, label: String(label) });
      else
        bad.push({
          key: `${at} (${name})`,
          code: 'SHOAL_DATA_MISSING',
          reason: 'metadata of a file that is not there, or named twice',
        });
    }
  }
  for (const path of known ?? [])
    bad.push({ key: path, code: 'SHOAL_DATA_LABEL', reason: 'a file that the metadata do not name' });
  const classes = [...new Set(rows.map(({ label }) => label))].sort(byCodeUnits);
  const labels = new Map(classes.map((name, label) => [name, label]));
  return { classes, entries: rows.map(({ entry, label }) => ({ ...entry, label: labels.get(label)! })) };
}

type Records = [at: string, record: Readonly<Record<string, unknown>>][];

const csvRecords = (text: string, path: string, bad: Bad[]): Records =>
  parseCsv(text, path).rows.flatMap(({ row, values }) => {
    if (values !== null) return [[`${path}:${row}`, values]];
    bad.push({ key: `${path}:${row}`, code: 'SHOAL_DATA_CORRUPT', reason: 'a row with other columns than the header' });
    return [];
  });

const jsonRecords = (text: string, path: string, bad: Bad[]): Records =>
  parseJsonLines(text).flatMap(({ line, value }) => {
    if (value !== null) return [[`${path}:${line}`, value]];
    bad.push({ key: `${path}:${line}`, code: 'SHOAL_DATA_CORRUPT', reason: 'a line that is no JSON object' });
    return [];
  });

function pick(record: Readonly<Record<string, unknown>>, names: readonly string[], path: string): unknown {
  const name = names.find((candidate) => Object.hasOwn(record, candidate));
  if (name !== undefined) return record[name];
  throw new ShoalError({
    code: 'SHOAL_DATA_FORMAT',
    operation: `read ${path}`,
    got: `the columns ${Object.keys(record).join(', ')}`,
    expected: `one of ${names.join(', ')}`,
    hint: 'Rename the column.',
  });
}
