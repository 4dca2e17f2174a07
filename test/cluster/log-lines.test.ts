// log-lines.test.ts: the lines of a log that is read in pieces, and what a commit log makes of them when it is opened. Their proof: audit.test.ts.
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCommitLog } from '../../cluster/commit-log.ts';
import { fileLines, textLines } from '../../cluster/log-lines.ts';
import { temporaryFolder } from '../support/temporary.ts';

const file = (text: string): string => {
  const path = join(temporaryFolder('log-lines'), 'commits.jsonl');
  writeFileSync(path, text);
  return path;
};

describe('the lines of a commit log', () => {
  it('are those of its text, wherever its pieces of 1 MiB end', () => {
    // the piece ends in each byte of a character of three, and at the end of a line
    for (const before of [0, 1, 2, 3, 4]) {
      const text = `${'x'.repeat(2 ** 20 - before)}€\n\n${'y'.repeat(2 ** 20)}\nz\ntorn €`;
      const opened = openSync(file(text), 'r');
      const [read, expected] = [fileLines(opened), textLines(text)];
      assert.ok([...read].every((line, i) => line === [...expected][i]));
      assert.equal([...expected].length, 4);
      assert.deepEqual([read.rest, expected.rest], [8, 8]);
      closeSync(opened);
    }
  });

  it('are none of an empty file, and none of one whose first line was never ended', () => {
    for (const text of ['', 'torn']) {
      const opened = openSync(file(text), 'r');
      const lines = fileLines(opened);
      assert.deepEqual([[...lines], lines.rest], [[], text.length]);
      closeSync(opened);
    }
  });

  it('tell a log that is opened its term, its version and its lineage; what is torn is cut off', () => {
    const about = { job: 'job', dataset: 'data', samples: 4, batch: 2, seed: 1 };
    const nodes = [{ node: { level: 0, index: 0 }, worker: 'wörker' }];
    const commit = (term: number, step: number) =>
      ({ record: 'commit', term, step, version: step + 1, draws: 'd', rows: 2, totals: [step], nodes }) as const;
    const records = [
      { record: 'open', term: 1, ...about, version: 0 },
      ...[0, 1, 2].map((step) => commit(1, step)),
      { record: 'open', term: 2, ...about, version: 1 },
      commit(2, 1),
    ];
    const whole = records.map((record) => `${JSON.stringify(record)}\n`).join('');
    const path = file(`${whole}{"record":"com`);
    const log = openCommitLog(path);
    assert.deepEqual([log.lastTerm, log.version, log.lineage.map(({ step }) => step)], [2, 2, [0, 1]]);
    assert.equal(readFileSync(path, 'utf8'), whole);
    assert.equal(log.bytes, Buffer.byteLength(whole));
    log.append(commit(2, 2), true);
    log.close();
    assert.equal(readFileSync(path, 'utf8'), `${whole}${JSON.stringify(commit(2, 2))}\n`);
  });
});
