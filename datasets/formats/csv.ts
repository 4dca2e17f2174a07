// csv.ts: rows of CSV and TSV text, the header's names as keys; ragged rows are told, not lost or fatal. By csv-parse. No types: values are text.
import { parse } from 'csv-parse/sync';
import { ShoalError } from '../../base/errors.ts';

export interface CsvRow {
  /** Counted from 1, without the header. */
  readonly row: number;
  /** Null: the row has other columns than the header. */
  readonly values: Readonly<Record<string, string>> | null;
  readonly found: number;
}

export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly CsvRow[];
}

/**
 * @param delimiter default: a tab where the header has one and no comma, else a comma
 * @throws {ShoalError} SHOAL_DATA_FORMAT without a header, SHOAL_DATA_CORRUPT when a quote is never closed
 */
export function parseCsv(text: string, origin: string, delimiter?: string): CsvTable {
  const header = text.slice(0, text.search(/[\r\n]|$/));
  const by = delimiter ?? (header.includes('\t') && !header.includes(',') ? '\t' : ',');
  let records: string[][];
  try {
    records = parse(text, {
      bom: true,
      delimiter: by,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    });
  } catch (cause) {
    throw new ShoalError(
      {
        code: 'SHOAL_DATA_CORRUPT',
        operation: `read ${origin}`,
        got: cause instanceof Error ? cause.message : String(cause),
        expected: 'rows of CSV',
        hint: 'Look at the quotes in the row that is named.',
      },
      { cause },
    );
  }
  const [columns, ...rows] = records;
  if (columns === undefined || new Set(columns).size < columns.length) {
    throw new ShoalError({
      code: 'SHOAL_DATA_FORMAT',
      operation: `read ${origin}`,
      got: columns === undefined ? 'an empty file' : `the columns ${columns.join(', ')}`,
      expected: 'a first row with the names of the columns, each once',
      hint: 'Add the names as the first row.',
    });
  }
  return {
    columns,
    rows: rows.map((cells, i) => ({
      row: i + 1,
      found: cells.length,
      values:
        cells.length === columns.length ? Object.fromEntries(columns.map((name, at) => [name, cells[at]!])) : null,
    })),
  };
}
