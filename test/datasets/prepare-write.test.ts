// prepare-write.test.ts: preparations that cannot write, and two that write into one folder: what is told, what is left, what is not lost.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beginFile, removePartials } from '../../datasets/prepare/whole-file.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { writeImages } from './support/images.ts';
import { code, preparing } from './support/prepare.ts';

const bin = fileURLToPath(new URL('../../bin/shoal.ts', import.meta.url));
const home = temporaryFolder('prepare-write');
const source = join(home, 'source');
const prepare = preparing(home, source);

/** `shoal data prep` where no file may have more than so many blocks of 512 bytes, as on a disk that is full. */
const limited = (blocks: number, ...flags: string[]) =>
  spawnSync('sh', ['-c', `ulimit -f ${blocks}; exec "$0" "$@"`, process.execPath, bin, 'data', 'prep', ...flags], {
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: join(home, 'tmp'), NODE_DISABLE_COMPILE_CACHE: '1' },
  });

describe('a preparation that cannot write', () => {
  before(async () => {
    mkdirSync(join(home, 'tmp'));
    await writeImages(source, 10);
  });

  it('names the file and the reason, shows no stack, leaves no piece of a file, and goes on when it can', () => {
    const flags = [source, '-o', join(home, 'full'), '--encode', 'raw', '--shard-size', '20', '--threads', '1'];
    const { status, stderr } = limited(60, ...flags);
    assert.equal(status, 1);
    assert.match(stderr, /SHOAL_DATA_WRITE: write .*\/full\/train-000000\.tar\n {2}got {6}EFBIG/);
    assert.doesNotMatch(stderr, /\.ts:\d/);
    assert.deepEqual(readdirSync(join(home, 'full')), ['plan.jsonl']);
    assert.equal(limited(1_000_000, ...flags).status, 0);
    assert.ok(readdirSync(join(home, 'full')).includes('manifest.json'));
  });

  it('tells of it where a stream is copied first, and leaves nothing there', () => {
    writeFileSync(join(home, 'packed.csv.gz'), 'x,label\n'.repeat(9000));
    const { status, stderr } = limited(10, join(home, 'packed.csv.gz'), '-o', join(home, 'streamed'));
    assert.equal(status, 1);
    assert.match(stderr, /SHOAL_DATA_WRITE: copy .*packed\.csv\.gz/);
    assert.deepEqual(readdirSync(join(home, 'tmp')), []);
  });

  it('says so where a file has the name of the folder, and where a packed source is not there', async () => {
    writeFileSync(join(home, 'taken'), '');
    await assert.rejects(prepare('taken'), code('SHOAL_DATA_WRITE', /write .*taken: got EEXIST/));
    const path = join(home, 'none.csv.gz');
    await assert.rejects(prepare('none', { source: { reader: 'csv', path } }), code('SHOAL_DATA_MISSING', /none\.csv/));
  });
});

describe('a preparation that ends early', () => {
  it('leaves no piece of a file of its processes, and says where its plan is damaged', async () => {
    const stop = new AbortController();
    const onProgress = ({ shards }: { shards: number }) => {
      if (shards > 0) stop.abort();
    };
    const options = { threads: 2, signal: stop.signal, onProgress };
    await assert.rejects(prepare('stopped', { shardSize: 1 }, options));
    const names = readdirSync(join(home, 'stopped'));
    assert.deepEqual(
      names.filter((name) => name.endsWith('.partial')),
      [],
    );
    const plan = join(home, 'stopped/plan.jsonl');
    const whole = readFileSync(plan, 'utf8');
    writeFileSync(plan, whole.slice(0, -5));
    const lines = whole.trim().split('\n').length;
    const damaged = code('SHOAL_DATA_CORRUPT', new RegExp(`plan\\.jsonl: got line ${lines}, which is no sample`));
    await assert.rejects(prepare('stopped', { shardSize: 1 }), damaged);
  });
});

describe('two preparations into one folder', () => {
  it('end alike where one removes what the other is writing: what it has written itself counts', () => {
    const path = join(home, 'shared');
    const file = beginFile(path);
    file.write(Buffer.from('equal bytes'));
    rmSync(`${path}.${hostname()}.${process.pid}.partial`);
    assert.throws(() => file.finish(), code('SHOAL_DATA_WRITE', /ENOENT/));
    const again = beginFile(path);
    again.write(Buffer.from('equal bytes'));
    rmSync(`${path}.${hostname()}.${process.pid}.partial`);
    writeFileSync(path, 'equal bytes');
    again.finish();
    assert.equal(readFileSync(path, 'utf8'), 'equal bytes');
  });

  it('on two machines leave each other what processes of one number are writing', () => {
    const folder = temporaryFolder('two-machines');
    const file = beginFile(join(folder, 'a'));
    const others = `b.elsewhere.${process.pid}.partial`;
    writeFileSync(join(folder, others), '');
    removePartials(folder, process.pid);
    assert.deepEqual(readdirSync(folder), [others]);
    file.discard();
  });
});
