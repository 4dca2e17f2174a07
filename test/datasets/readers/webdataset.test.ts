// webdataset.test.ts: shards of ours and of others: the same samples from memory, from the files in place and over HTTP with faults.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ShoalError } from '../../../base/errors.ts';
import { tarEnd, tarMember } from '../../../datasets/formats/tar.ts';
import { prepareSchema } from '../../../datasets/prepare/job.ts';
import { prepareDataset } from '../../../datasets/prepare/run.ts';
import type { Dataset, Reader } from '../../../datasets/reader.ts';
import { datasetSchema, openDataset } from '../../../datasets/readers/index.ts';
import { braces } from '../../../datasets/readers/locations.ts';
import { findShards } from '../../../datasets/readers/shards.ts';
import { scanShards } from '../../../datasets/readers/webdataset.ts';
import { openRows } from '../../../datasets/rows-reader.ts';
import type { Source } from '../../../datasets/source.ts';
import { testReader } from '../../cases/reader.ts';
import { type FileServer, serveFolder } from '../support/file-server.ts';
import { encoded, pixels, writeImages } from '../support/images.ts';
import { PLAIN } from '../support/prepare.ts';

const home = mkdtempSync(join(tmpdir(), 'shoal-webdataset-'));
const at = (name: string) => join(home, name);
const open = (path: string, options = {}): Promise<Dataset> =>
  openDataset(datasetSchema.parse({ reader: 'webdataset', path, ...options }));
const scan = async (name: string) => {
  const source = await scanShards(await findShards(at(name)));
  closing.push(source);
  return source;
};
const closing: Source[] = [];
const text = (value: string) => new TextEncoder().encode(value);
const tar = (name: string, members: Record<string, Uint8Array | string>) =>
  writeFileSync(
    at(name),
    Buffer.concat([
      ...Object.entries(members).flatMap(([path, bytes]) =>
        tarMember(path, typeof bytes === 'string' ? text(bytes) : bytes),
      ),
      tarEnd(),
    ]),
  );

async function prepare(out: string, job: object): Promise<void> {
  await prepareDataset({
    job: prepareSchema.parse({ source: { reader: 'folder', path: at('images') }, shardSize: 5, ...job }),
    out: at(out),
    ...PLAIN,
  });
}

const rows = async (): Promise<Dataset> => {
  const shards = await findShards(at('raw'));
  return (await openRows(await scanShards(shards), shards, 0))!;
};

/** label and pixels of each sample */
function samples(reader: Reader): string[] {
  const image = new Uint8Array(12 * 16 * 3);
  const label = new Uint8Array(4);
  return Array.from({ length: reader.length }, (_, i) => {
    reader.read(i, { image, label });
    return `${label[0]} ${Buffer.from(image).toString('base64')}`;
  });
}

describe('WebDataset shards', () => {
  let server: FileServer;
  before(async () => {
    await writeImages(at('images'), 6);
    await prepare('raw', { encode: 'raw' });
    await prepare('kept', {});
    server = await serveFolder(home);
  });
  after(async () => {
    for (const source of closing) await source.close();
    await server.close();
    rmSync(home, { recursive: true });
  });
  testReader('raw shards, in memory', async () => (await open(at('raw'))).train);
  testReader('raw shards, read in place', async () => (await rows()).train);
  testReader(
    'shards of images, decoded when they are drawn',
    async () => (await open(at('kept'), { size: [6, 6], decode: 'drawn' })).test,
  );
  testReader('shards of images', async () => (await open(at('kept'), { size: [6, 6] })).test);

  it('hold the same samples in memory, in place, as images and over HTTP', async () => {
    const expected = samples((await open(at('raw'))).train);
    assert.equal(expected.length, 16);
    assert.deepEqual(samples((await rows()).train), expected);
    assert.deepEqual(samples((await open(at('kept'))).train), expected);
    const remote = await open(`${server.url}/raw`);
    assert.deepEqual(samples(remote.train), expected);
    assert.equal(remote.train.hash, (await open(at('raw'))).train.hash);
  });

  it('come over HTTP though requests fail, answers are cut and servers are busy, in few requests', async () => {
    server.faults.push(null, 503, null, 'cut', null, 'short', 503);
    const before = server.requests();
    const remote = await open(`${server.url}/raw/{train-000001,test-000000}.tar`);
    assert.deepEqual([remote.train.length, remote.test.length], [5, 2]);
    assert.ok(server.requests() - before < 20, `${server.requests() - before} requests`);
  });

  it('are missed over HTTP with the reason', async () => {
    const missing = (error: ShoalError) => error.code === 'SHOAL_DATA_FETCH' && /404/.test(error.message);
    await assert.rejects(open(`${server.url}/nowhere`), missing);
    const plain = await serveFolder(home, false);
    await assert.rejects(open(`${plain.url}/raw`), (error: ShoalError) => /HTTP status 200/.test(error.message));
    await plain.close();
  });

  it('of others are read by the names of their members, whatever stands in cls', async () => {
    const png = (label: number, i: number) => encoded('png', label, i);
    tar('names.tar', {
      'x/1.png': await png(0, 1),
      'x/1.cls': 'dog\n',
      'x/2.seg.png': 'no',
      'x/2.png': await png(1, 2),
      'x/2.json': '{"label":"cat"}',
    });
    const names = await scan('names.tar');
    assert.deepEqual(names.classes, ['cat', 'dog']);
    assert.deepEqual(
      names.entries.map(({ key, label }) => [key, label]),
      [
        ['names/x/1', 1],
        ['names/x/2', 0],
      ],
    );
    const content = await names.load(names.entries[0]!);
    assert.ok(content.kind === 'image');
    const numbers = { 'a.cls': '01', 'b.cls': '00', 'c.cls': '-1', 'd.json': 'null', 'e.cls': '2' };
    const images = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(async (name) => [`${name}.png`, await png(0, 1)]));
    tar('numbers.tar', { ...Object.fromEntries(images), ...numbers });
    const { entries, classes, bad } = await scan('numbers.tar');
    assert.deepEqual(
      [entries.map(({ label }) => label), classes],
      [
        [1, 0, null, 2],
        ['0', '1', '2'],
      ],
    );
    assert.deepEqual(
      bad.map(({ key, reason }) => `${key}: ${reason}`),
      ['numbers/c: a label that is no class of the dataset'],
    );
    tar('data-train-0.tar', { 'a.PNG': await png(0, 1), 'a.cls': '2', 'b.png': await png(0, 2), 'b.cls': '0' });
    tar('data-val-0.tar', { 'c.png': await png(2, 3), 'c.cls': '1' });
    const { train, test } = await open(at('data-{train,val}-0.tar'));
    assert.deepEqual([train.classes, train.length, test.length], [3, 2, 1]);
    assert.equal(samples(test)[0], `1 ${Buffer.from(pixels(2, 3)).toString('base64')}`);
  });

  it('are written by GNU tar, too, with long names', async () => {
    mkdirSync(at('long'));
    const name = 'n'.repeat(180);
    writeFileSync(at(`long/${name}.png`), await encoded('png', 0, 1));
    writeFileSync(at(`long/${name}.cls`), '0');
    for (const format of ['gnu', 'pax', 'ustar']) {
      if (format === 'ustar') continue; // has no room for such names
      execFileSync('tar', ['--format', format, '-cf', at(`${format}.tar`), '-C', at('long'), '.']);
      const { entries, bad } = await scan(`${format}.tar`);
      assert.deepEqual([entries.map(({ key }) => key), bad], [[`${format}/${name}`], []]);
    }
  });

  it('lose no good sample to paths that climb out, links, bad labels and a cut end', async () => {
    mkdirSync(at('links'));
    symlinkSync('/etc/passwd', at('links/evil.png'));
    execFileSync('tar', ['-cf', at('links.tar'), '-C', at('links'), '.']);
    const good = await encoded('png', 0, 1);
    tar('evil.tar', {
      '../up.png': good,
      '/etc/x.png': good,
      'a/../../b.png': good,
      'ok.png': good,
      'ok.cls': '0',
      'c.png': good,
      'c.cls': '',
      'd.png': good,
      'd.json': '{',
      'only.cls': '1',
    });
    const bytes = readFileSync(at('evil.tar'));
    writeFileSync(
      at('evil.tar'),
      Buffer.concat([bytes.subarray(0, -1024), readFileSync(at('links.tar')).subarray(0, -5000)]),
    );
    const { entries, bad } = await scan('evil.tar');
    assert.deepEqual(
      entries.map(({ key }) => key),
      ['evil/ok'],
    );
    assert.deepEqual(
      bad.map(({ code }) => code).sort(),
      [
        'SHOAL_DATA_FORMAT',
        'SHOAL_DATA_LABEL',
        'SHOAL_DATA_LABEL',
        'SHOAL_DATA_PATH',
        'SHOAL_DATA_PATH',
        'SHOAL_DATA_PATH',
        'SHOAL_DATA_PATH',
        'SHOAL_DATA_TRUNCATED',
      ].filter((code) => code !== 'SHOAL_DATA_TRUNCATED' || bad.some((one) => one.code === code)),
    );
    writeFileSync(at('cut.tar'), bytes.subarray(0, bytes.length - 3000));
    const cut = await scan('cut.tar');
    assert.ok(cut.entries[0]!.key === 'cut/ok' && cut.bad.some(({ code }) => code === 'SHOAL_DATA_TRUNCATED'));
  });

  it('are refused when a shard has changed since its manifest was written', async () => {
    await prepare('changed', { encode: 'raw' });
    const path = at('changed/train-000000.tar');
    writeFileSync(path, readFileSync(path).subarray(0, -512));
    await assert.rejects(open(at('changed')), (error: ShoalError) => error.code === 'SHOAL_DATA_LENGTH');
    rmSync(path);
    await assert.rejects(open(at('changed')), (error: ShoalError) => error.code === 'SHOAL_DATA_MISSING');
  });

  it('are named by braces', () => {
    assert.deepEqual(braces('a-{08..10}.tar'), ['a-08.tar', 'a-09.tar', 'a-10.tar']);
    assert.deepEqual(braces('{x,y}-{0..1}.tar'), ['x-0.tar', 'x-1.tar', 'y-0.tar', 'y-1.tar']);
  });
});
