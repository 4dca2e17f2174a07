// format-files.ts: files of a format in a folder of their own, for the time of a suite, and what is asked of their readers.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ShoalError } from '../../../base/errors.ts';
import type { Dataset } from '../../../datasets/reader.ts';
import { datasetSchema, openDataset, scanDataset } from '../../../datasets/readers/index.ts';
import type { Source } from '../../../datasets/source.ts';

/** Call it in a describe(): the folder goes, and what was scanned is closed, when its tests are over. */
export function formatFiles() {
  const home = mkdtempSync(join(tmpdir(), 'shoal-formats-'));
  const closing: Source[] = [];
  after(async () => {
    for (const source of closing) await source.close();
    rmSync(home, { recursive: true });
  });
  const at = (name: string): string => join(home, name);
  return {
    at,
    open: (reader: string, name: string, options = {}): Promise<Dataset> =>
      openDataset(datasetSchema.parse({ reader, path: at(name), ...options })),
    async scan(reader: string, name: string, options = {}): Promise<Source> {
      const source = await scanDataset({ reader, path: at(name), ...options });
      closing.push(source);
      return source;
    },
  };
}

/** Whether an error is of that code, and its message of that form. */
export const code =
  (wanted: string, pattern = /./) =>
  (error: ShoalError): boolean =>
    error.code === wanted && pattern.test(error.message);

export const reasons = ({ bad }: Source): string[] => bad.map(({ key, reason }) => `${key}: ${reason}`);

export async function floats(source: Source, row: number): Promise<number[]> {
  const content = await source.load(source.entries[row]!);
  assert.ok(content.kind === 'array');
  return [...content.data];
}

/** Six samples of two classes, with numbers and words. */
export const CSV =
  'length,colour,width,species\n1.5,red,2,b\n2.5,blue,-1e1,a\n3,red,4,b\n4,red,0.5,a\n5,blue,1,b\n6,blue,2,a\n';
