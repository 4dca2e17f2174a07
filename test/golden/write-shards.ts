// write-shards.ts: writes a small source in each format of shards, reads them by Python (check-shards.py), and compares labels and pixels.
// Run: PYTHON=python3 node test/golden/write-shards.ts   (pip install webdataset pyarrow tensorflow pillow)
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepareSchema } from '../../datasets/prepare/job.ts';
import { prepareDataset } from '../../datasets/prepare/run.ts';
import { encoded, pixels, write } from '../datasets/support/images.ts';

const home = mkdtempSync(join(tmpdir(), 'shoal-shards-'));
const expected: Record<string, [number, string]> = {};
for (const [label, name] of ['a', 'b'].entries())
  for (let i = 0; i < 6; i++) {
    write(join(home, 'source'), `${name}/ü ${i}.png`, await encoded('png', label, i));
    expected[`${name}/ü ${i}.png`] = [label, createHash('sha256').update(pixels(label, i)).digest('hex')];
  }
const jobs = [
  ['webdataset', 'auto'],
  ['webdataset', 'raw'],
  ['tfrecord', 'auto'],
  ['tfrecord', 'raw'],
  ['parquet', 'auto'],
] as const;
const folders: string[] = [];
for (const [format, encode] of jobs) {
  const out = join(home, `${format}-${encode}`);
  folders.push(out);
  await prepareDataset({
    job: prepareSchema.parse({
      source: { reader: 'folder', path: join(home, 'source') },
      format,
      encode,
      shardSize: 5,
    }),
    out,
    threads: 1,
    mode: 'incremental',
    maxErrors: { count: 0 },
    task: null,
    version: '0.0.0',
    signal: new AbortController().signal,
    onProgress: () => {},
  });
}
const script = fileURLToPath(new URL('./check-shards.py', import.meta.url));
const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', CUDA_VISIBLE_DEVICES: '' };
const answers = execFileSync(process.env['PYTHON'] ?? 'python3', [script, ...folders], { encoding: 'utf8', env });
const lines = answers.trim().split('\n');
assert.equal(lines.length, jobs.length);
for (const [i, line] of lines.entries()) {
  assert.deepEqual(JSON.parse(line), expected, jobs[i]!.join(' '));
  console.log(`${jobs[i]!.join(' ')}: Python reads the same ${Object.keys(expected).length} labels and pixels`);
}
rmSync(home, { recursive: true });
