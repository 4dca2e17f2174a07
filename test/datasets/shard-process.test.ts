// shard-process.test.ts: the processes of a preparation: their ends, whoever dies first, and what they ask for. What they write: prepare.test.ts.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { blobSource } from '../../datasets/blob-source.ts';
import { prepareSchema } from '../../datasets/prepare/job.ts';
import { startShardProcess } from '../../datasets/prepare/shard-process.ts';
import { scanDataset } from '../../datasets/readers/index.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { encoded, writeImages } from './support/images.ts';
import { code, preparing } from './support/prepare.ts';

const bin = fileURLToPath(new URL('../../bin/shoal.ts', import.meta.url));
const home = temporaryFolder('shard-process');
const source = join(home, 'source');
const prepare = preparing(home, source);

describe('the processes of a preparation', () => {
  before(() => writeImages(source, 8));

  it('leaves no process behind when it is killed itself', async () => {
    const flags = [
      'data',
      'prep',
      source,
      '-o',
      join(home, 'orphans'),
      '--shard-size',
      '1',
      '--json',
      '--threads',
      '2',
    ];
    const child = spawn(process.execPath, [bin, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
    let processes: readonly string[] = [];
    child.stdout.on('data', () => {
      const now = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(/\s+/);
      if (now.length < 2) return;
      processes = now;
      child.kill('SIGKILL');
    });
    await once(child, 'close');
    assert.equal(processes.length, 2);
    const until = performance.now() + 20_000;
    for (const pid of processes)
      while (existsSync(`/proc/${pid}`)) {
        assert.ok(performance.now() < until, `process ${pid} is still there`);
        await turn();
      }
  });

  it('ends its processes when it is stopped, and tells of one that ended', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const onProgress = ({ shards }: { shards: number }) => {
      if (shards > 0) stop.abort(reason);
    };
    await assert.rejects(
      prepare('stopped', { shardSize: 1 }, { threads: 2, signal: stop.signal, onProgress }),
      (error) => error === reason,
    );
    await prepare('stopped', { shardSize: 1 });
    const scanned = await scanDataset({ reader: 'folder', path: source });
    const job = prepareSchema.parse({ source: { reader: 'folder', path: source } });
    const setup = { out: home, share: scanned.share(), job, classes: scanned.classes, places: undefined };
    const writer = startShardProcess(setup, scanned);
    const writing = assert.rejects(
      writer.write({ name: 'never', part: 'train', entries: scanned.entries }),
      code('SHOAL_PROCESS', /SIGKILL/),
    );
    await writer.end();
    await writing;
    await assert.rejects(writer.write({ name: 'never', part: 'train', entries: [] }), code('SHOAL_PROCESS'));
    await scanned.close();
  });

  it('sends contents that lie in memory to its processes, bad ones included, and their classes', async () => {
    const images = await Promise.all([0, 1, 2, 3, 4].map((sample) => encoded('png', 0, sample)));
    const files = images.map((bytes, i) => (i === 3 ? bytes.subarray(0, 60) : bytes));
    const about = { classes: ['a'], bad: [] };
    const entries = files.map((_, i) => ({ key: `image-${i}`, part: null, label: 0, at: [i] }));
    const source = blobSource({ ...about, entries }, 'image', files);
    const job = prepareSchema.parse({ source: { reader: 'folder', path: '.' } });
    const setup = { out: home, share: source.share(), job };
    const writer = startShardProcess({ ...setup, classes: ['a'], places: undefined }, source);
    try {
      const record = await writer.write({ name: 'from-memory', part: 'train', entries });
      assert.deepEqual(record.keys, ['image-0', 'image-1', 'image-2', 'image-4']);
      assert.deepEqual(
        record.bad.map(({ key, code }) => [key, code]),
        [['image-3', 'SHOAL_DATA_CORRUPT']],
      );
    } finally {
      await writer.end();
    }
  });
});
