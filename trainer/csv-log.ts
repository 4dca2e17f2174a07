// csv-log.ts: the figures of a run's epochs as a table in a file, one line an epoch. Not every event (event-log.ts).
import type { Metrics, RunEvent } from './events.ts';
import { type Files, ifThere, readSmall, replaceDurably } from './files.ts';

export interface CsvLog {
  /** Takes an event; the next flush writes what it changed. */
  note(event: RunEvent): void;
  /** If it fails, nothing is lost: a later flush writes it. */
  flush(): Promise<void>;
}

const LIMIT = 2 ** 26;

/**
 * Opens a table, made with its first line. An epoch that is computed again, as after a resume, replaces its line and those after it.
 * @param separator between the cells of a line; figures that are not one number have no cell
 * @throws the file system's errors
 */
export async function openCsvLog(path: string, separator: string, files: Files): Promise<CsvLog> {
  const rows = await read(path, separator, files);
  let changed = false;

  return {
    note(event) {
      if (event.event !== 'epoch') return;
      for (const epoch of rows.keys()) if (epoch >= event.epoch) rows.delete(epoch);
      rows.set(event.epoch, { ...numbers(event.train, ''), ...numbers(event.metrics ?? {}, 'val_') });
      changed = true;
    },
    async flush() {
      if (!changed) return;
      changed = false;
      const names = [...new Set([...rows.values()].flatMap((row) => Object.keys(row)))];
      const lines = [...rows].map(([epoch, row]) => [epoch, ...names.map((name) => row[name] ?? '')]);
      const text = [['epoch', ...names], ...lines].map((cells) => `${cells.join(separator)}\n`).join('');
      try {
        await replaceDurably(files, path, [new TextEncoder().encode(text)]);
      } catch (error) {
        changed = true;
        throw error;
      }
    },
  };
}

type Row = Readonly<Record<string, string>>;

const numbers = (metrics: Metrics, prefix: string): Row =>
  Object.fromEntries(
    Object.entries(metrics).flatMap(([name, value]) =>
      typeof value === 'number' ? [[`${prefix}${name}`, String(value)]] : [],
    ),
  );

/** The lines of a table by epoch; none where there is no file. */
async function read(path: string, separator: string, files: Files): Promise<Map<number, Row>> {
  const bytes = (await ifThere(readSmall(files, path, LIMIT))) ?? new Uint8Array();
  const [header = [], ...lines] = new TextDecoder()
    .decode(bytes)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(separator));
  return new Map(
    lines.map(([epoch, ...cells]) => [
      Number(epoch),
      Object.fromEntries(cells.flatMap((cell, i) => (cell === '' ? [] : [[header[i + 1]!, cell]]))),
    ]),
  );
}
