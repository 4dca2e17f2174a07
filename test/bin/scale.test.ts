// scale.test.ts: shoal scale as a whole: measured runs of a small job, its files, and an experiment that goes on where it was cut off.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { linesOf, newFolder, shoal } from './support/shoal.ts';

describe('shoal scale', function () {
  this.timeout(60_000);

  it('measures a grid, writes a page, and resumes: only what is missing is run again', async () => {
    const folder = newFolder();
    const args = [
      'scale',
      'job.json',
      '--threads',
      '1,2',
      '--repeat',
      '1',
      '--seconds',
      '0.2',
      '--warmup',
      '0.05',
      '--json',
    ];
    const first = await shoal(folder, args);
    assert.equal(first.code, 0, first.stderr);
    const lines = linesOf(first.stdout);
    assert.deepEqual(
      lines.map((it) => it['event']),
      ['run', 'run', 'done'],
    );
    for (const run of lines.slice(0, 2)) {
      assert.ok((run['samplesPerSecond'] as number) > 0);
      assert.ok((run['probe'] as { one: number }).one > 0);
    }
    const done = lines.at(-1)! as { readonly efficiency: Record<string, number>; readonly axis: string };
    assert.equal(done.axis, 'threads');
    assert.deepEqual(Object.keys(done.efficiency), ['1', '2']);
    const at = `${folder}/runs/scale-job`;
    const page = readFileSync(`${at}/report.html`, 'utf8');
    assert.deepEqual(JSON.parse(/id="data">(.*?)<\/script>/s.exec(page)![1]!), done);

    const results = readFileSync(`${at}/results.jsonl`, 'utf8').split('\n');
    writeFileSync(`${at}/results.jsonl`, `${results[0]}\n${results[1]!.slice(0, 50)}`);
    const second = await shoal(folder, ['scale', '--resume', 'runs/scale-job', '--json']);
    assert.equal(second.code, 0, second.stderr);
    assert.deepEqual(
      linesOf(second.stdout).map((it) => it['event']),
      ['run', 'done'],
    );
    assert.equal(readFileSync(`${at}/results.jsonl`, 'utf8').split('\n')[0], results[0]);
    const none = await shoal(folder, ['scale', '--resume', 'runs/nothing']);
    assert.equal(none.code, 2);
    assert.match(none.stderr, /SHOAL_SCALE_MISSING/);
  });

  it('tells why a run that it measures has ended: it was done, or of what it failed', async () => {
    const folder = newFolder();
    const measured = async (...more: string[]) => {
      const { code, stderr } = await shoal(folder, ['scale', 'job.json', '--threads', '1', '--repeat', '1', ...more]);
      assert.equal(code, 1, stderr);
      return stderr;
    };
    assert.match(
      await measured('--target', '2', '--epochs', '1'),
      /SHOAL_SCALE_RUN[\s\S]*got +the end of the run after \d+ steps\n/,
    );
    assert.match(await measured('--lr', '1e30'), /SHOAL_SCALE_RUN[\s\S]*got +error SHOAL_NOT_FINITE/);
  });
});
