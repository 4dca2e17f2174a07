// large.slow.test.ts: files of more than 2 GiB, which the system does not read at once, and of more text than a string holds.
import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { openFile, readText } from '../../datasets/files.ts';
import { code, formatFiles } from './support/format-files.ts';

describe('a file', () => {
  const { at, scan } = formatFiles();
  /** Zeros, and a word at the end. They take no room on the disk. */
  function sparse(name: string, bytes: number): void {
    const file = openSync(at(name), 'w');
    ftruncateSync(file, bytes);
    writeSync(file, 'end', bytes - 3);
    closeSync(file);
  }

  it('of more than 2 GiB is read whole', async () => {
    sparse('large', 2 ** 31 + 8);
    const file = await openFile(at('large'));
    const bytes = await file.read(1, 2 ** 31 + 7);
    await file.close();
    assert.equal(Buffer.from(bytes.subarray(-4)).toString('latin1'), '\0end');
  }).timeout(60_000);

  it('of more text than a string holds is refused, by its name', async () => {
    sparse('large.csv', 2 ** 29);
    await assert.rejects(scan('csv', 'large.csv'), code('SHOAL_DATA_FORMAT', /large\.csv: got 536870912 bytes/));
  }).timeout(60_000);

  it('of more bytes than a string holds characters is read where its own are fewer', async () => {
    writeFileSync(at('wide.txt'), Buffer.alloc(2 ** 29, 'é'));
    const text = await readText(at('wide.txt'));
    rmSync(at('wide.txt'));
    assert.equal(text.length, 2 ** 28);
  }).timeout(60_000);
});
