// open-dataset.test.ts: openDataset() as a program calls it, with options as a job writes them. What readers read: readers/.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DatasetOptions, openDataset } from '../../index.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe('openDataset()', () => {
  it('fills in what is left out, as in a job: a row with a missing value is refused, not left out', async () => {
    const path = join(temporaryFolder('open-dataset'), 'table.csv');
    const rows = Array.from({ length: 20 }, (_, i) => `${i},${i % 2}\n`);
    writeFileSync(path, `x,label\n${rows.join('')}`);
    const { train, test } = await openDataset({ reader: 'csv', path });
    assert.equal(train.length + test.length, 20);
    writeFileSync(path, `x,label\n${rows.join('')},1\n`);
    await assert.rejects(openDataset({ reader: 'csv', path }), { code: 'SHOAL_DATA_SAMPLE' });
  });

  for (const [what, options] of [
    ['a reader that there is not', { reader: 'nowhere' }],
    ['an option that its reader does not have', { reader: 'csv', path: 'table.csv', seed: 3 }],
    ['nothing', undefined],
  ] as const)
    it(`refuses ${what}: SHOAL_JOB`, async () => {
      await assert.rejects(openDataset(options as unknown as DatasetOptions), {
        code: 'SHOAL_JOB',
        operation: 'open a dataset',
      });
    });
});
