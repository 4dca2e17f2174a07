// table.ts: rows of named values as samples: numbers as they are, words as one-hot columns, one column as the label. Parses no file.
import { z } from 'zod';
import { ShoalError } from '../base/errors.ts';
import { arraySource } from './array-source.ts';
import { blobSource } from './blob-source.ts';
import { type Bad, byCodeUnits, type Entry, type Part, partOf, type Source } from './source.ts';

/** Keys of every reader of tables. */
export const tableKeys = {
  /** The column of the class. Default: label, class, species, target, variety, diagnosis or category; else the last. */
  label: z.string().optional(),
  /** The column with a weight for each row: the field "weight". Default: none. */
  weight: z.string().optional(),
  /** The columns that are learnt from. Default: all others. */
  features: z.array(z.string()).min(1).optional(),
  /** The column of a text: a row is a document then, for preparation. Default: none. */
  text: z.string().optional(),
  /** A row with an empty value: refused, or left out. */
  missing: z.enum(['refuse', 'drop']).default('refuse'),
};

export interface TableOptions {
  /** The columns are ids, and stay whole numbers. */
  readonly ids?: boolean;
  readonly label?: string | undefined;
  readonly weight?: string | undefined;
  readonly text?: string | undefined;
  readonly features?: readonly string[] | undefined;
  readonly missing: 'refuse' | 'drop';
}

export interface TableRow {
  readonly key: string;
  /** Where its file says it. Default: as the column "split" says. */
  readonly part?: Part | null;
  /** Null: no row of the table. */
  readonly values: Readonly<Record<string, unknown>> | null;
}

const LABELS = ['label', 'class', 'species', 'target', 'variety', 'diagnosis', 'category'];
const EMPTY = ['', 'na', 'nan', 'null', 'none', '?'];
/** Different words of a column at most: more are names, not kinds. */
const MOST_WORDS = 64;

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  (typeof value === 'number' && Number.isNaN(value)) ||
  EMPTY.includes(String(value).toLowerCase());

/** @throws {ShoalError} SHOAL_DATA_FIELD for columns that are not there or are no features, SHOAL_DATA_EMPTY */
export function tableSource(
  columns: readonly string[],
  rows: readonly TableRow[],
  origin: string,
  options: TableOptions,
): Source {
  if (columns.length === 0) throw noRows(origin, rows.length);
  if (options.text !== undefined) return documents(columns, rows, origin, options.text, options.label);
  const label = options.label ?? columns.find((name) => LABELS.includes(name.toLowerCase())) ?? columns.at(-1)!;
  const split = columns.find((name) => name.toLowerCase() === 'split');
  const { weight } = options;
  const features = options.features ?? columns.filter((name) => name !== label && name !== split && name !== weight);
  const needed = [label, ...(weight === undefined ? [] : [weight]), ...features];
  for (const name of needed) if (!columns.includes(name)) throw noColumn(origin, name, columns);
  if (features.length === 0) throw noFeatures(origin, columns);
  const bad: Bad[] = [];
  const complete = rows.filter(({ key, values }) => {
    if (values === null)
      bad.push({ key, code: 'SHOAL_DATA_CORRUPT', reason: 'a row with other columns than the header' });
    else if (
      weight !== undefined &&
      !(Number(values[weight]) >= 0 && Number.isFinite(Math.fround(Number(values[weight]))))
    )
      bad.push({ key, code: 'SHOAL_DATA_FIELD', reason: 'a weight that is no number from 0 on' });
    else if (needed.some((name) => isEmpty(values[name]))) {
      if (options.missing === 'refuse')
        bad.push({ key, code: 'SHOAL_DATA_FIELD', reason: 'a row with a missing value' });
    } else return true;
    return false;
  }) as (TableRow & { values: Record<string, unknown> })[];
  const numbers = new Set(
    features.filter((name) => complete.every(({ values }) => !Number.isNaN(numberOf(values[name])))),
  );
  const good = complete.filter(({ key, values }) => {
    if (![...numbers].some((name) => !Number.isFinite(Math.fround(numberOf(values[name]))))) return true;
    bad.push({ key, code: 'SHOAL_DATA_FIELD', reason: 'a number that is infinite, or too large for 32 bits' });
    return false;
  });
  if (good.length === 0) throw noRows(origin, rows.length);
  // words by column, in their order; none for columns of numbers
  const wordsIn = (name: string) =>
    wordsOf(
      good.map(({ values }) => values[name]),
      name,
      origin,
    );
  const encoders = features.map((name) => ({ name, words: numbers.has(name) ? null : wordsIn(name) }));
  const width = encoders.reduce((sum, { words }) => sum + (words?.length ?? 1), 0);
  const room = new SharedArrayBuffer(4 * width * good.length);
  const data = options.ids ? new Int32Array(room) : new Float32Array(room);
  const classes = [...new Set(good.map(({ values }) => String(values[label])))].sort(byLabel);
  const labels = new Map(classes.map((name, i) => [name, i]));
  const entries = good.map(({ key, values, part: known = null }, row): Entry => {
    let at = row * width;
    for (const { name, words } of encoders) {
      if (words === null) data[at++] = numberOf(values[name]);
      else {
        data[at + words.indexOf(String(values[name]))] = 1;
        at += words.length;
      }
    }
    const part: Part | null = known ?? (split === undefined ? null : partOf(String(values[split])));
    const weighed = weight === undefined ? {} : { weight: Number(values[weight]) };
    return { key, part, label: labels.get(String(values[label]))!, at: [row], ...weighed };
  });
  return arraySource({ entries, classes, bad }, { shape: [width], data });
}

/** Rows as texts, with a class where a column says so. */
function documents(
  columns: readonly string[],
  rows: readonly TableRow[],
  origin: string,
  text: string,
  wanted: string | undefined,
): Source {
  const label = wanted ?? columns.find((name) => LABELS.includes(name.toLowerCase())) ?? null;
  for (const name of [text, ...(label === null ? [] : [label])])
    if (!columns.includes(name)) throw noColumn(origin, name, columns);
  const isGood = ({ values }: TableRow) =>
    values !== null && !isEmpty(values[text]) && !(label && isEmpty(values[label]));
  const good = rows.filter(isGood);
  if (good.length === 0) throw noRows(origin, rows.length);
  const bad = rows
    .filter((row) => !isGood(row))
    .map(({ key }): Bad => ({ key, code: 'SHOAL_DATA_FIELD', reason: 'a row without its text, or without its label' }));
  const nameOf = ({ values }: TableRow): string => String(values![label!]);
  const classes = label === null ? null : [...new Set(good.map(nameOf))].sort(byLabel);
  const labels = new Map(classes?.map((name, i) => [name, i]));
  const entries = good.map((row, i): Entry => {
    const number = label === null ? null : labels.get(nameOf(row))!;
    return { key: row.key, part: row.part ?? null, label: number, at: [i] };
  });
  const encoder = new TextEncoder();
  return blobSource(
    { entries, classes, bad },
    'text',
    good.map(({ values }) => encoder.encode(String(values![text]))),
  );
}

/** NaN for what is no number. */
function numberOf(value: unknown): number {
  const number = isList(value) ? Number.NaN : Number(value);
  if (number === 0 && String(value).trim() === '') return Number.NaN;
  if (!Number.isNaN(number)) return number;
  const infinite = /^\s*([+-]?)inf(inity)?\s*$/i.exec(String(value)); // as NumPy writes it
  return infinite === null ? Number.NaN : infinite[1] === '-' ? -Infinity : Infinity;
}

const isList = (value: unknown): boolean => typeof value === 'object' && value !== null && !(value instanceof Date);

/** @throws {ShoalError} SHOAL_DATA_FIELD for a column of too many words, or of lists */
function wordsOf(values: readonly unknown[], name: string, origin: string): string[] {
  const words = [...new Set(values.map(String))].sort(byCodeUnits);
  const lists = values.some(isList);
  if (words.length <= MOST_WORDS && !lists) return words;
  throw new ShoalError({
    code: 'SHOAL_DATA_FIELD',
    operation: `read the column "${name}" of ${origin}`,
    got: lists ? 'lists or objects' : `${words.length} different words, like ${words.slice(0, 3).join(', ')}`,
    expected: `numbers, or at most ${MOST_WORDS} kinds of words`,
    hint: 'Name the columns to learn from in "features".',
  });
}

/** Numbers by size, then words. */
function byLabel(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
  return x < y ? -1 : x > y ? 1 : byCodeUnits(a, b);
}

const noColumn = (origin: string, name: string, columns: readonly string[]): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_FIELD',
    operation: `read ${origin}`,
    got: `no column "${name}"`,
    expected: `one of ${columns.join(', ')}`,
    hint: 'Correct "label" or "features".',
  });

const noFeatures = (origin: string, columns: readonly string[]): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_FIELD',
    operation: `read ${origin}`,
    got: `the columns ${columns.join(', ')}, of which none is left to learn from`,
    expected: 'another column than that of the class',
    hint: 'Is "delimiter" right? Or name the columns in "label" and "features".',
  });

const noRows = (origin: string, all: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_EMPTY',
    operation: `read ${origin}`,
    got: `no complete row among ${all}`,
    expected: 'at least one',
    hint: 'Name the columns to learn from in "features".',
  });
