// fetch.test.ts: downloads that are broken off, cut, refused or other than they should be; archives; against a server on loopback.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { create } from 'tar';
import type { ShoalError } from '../../base/errors.ts';
import { type CatalogEntry, catalog } from '../../datasets/fetch/catalog.ts';
import { download } from '../../datasets/fetch/download.ts';
import { fetchDataset } from '../../datasets/fetch/fetch-dataset.ts';
import { openDataset } from '../../datasets/readers/index.ts';
import { linesOf, shoal } from '../bin/support/shoal.ts';
import { type FileServer, serveFolder } from './support/file-server.ts';

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('fetching files over HTTP', () => {
  const home = mkdtempSync(join(tmpdir(), 'shoal-fetch-'));
  const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 3);
  const never = new AbortController().signal;
  let server: FileServer;
  let to: string;
  let count = 0;
  before(async () => {
    mkdirSync(join(home, 'served'));
    writeFileSync(join(home, 'served/file'), bytes);
    server = await serveFolder(join(home, 'served'));
  });
  beforeEach(() => {
    to = join(home, `got-${count++}`);
    server.faults.length = 0;
  });
  after(async () => {
    await server.close();
    rmSync(home, { recursive: true });
  });
  const get = (more: object = {}) =>
    download({ url: `${server.url}/file`, to, sha256: sha(bytes), signal: never, ...more });
  /** What is left of a download, or under way. */
  const partsOf = (path: string): string[] =>
    readdirSync(dirname(path))
      .filter((name) => name.startsWith(`${basename(path)}.partial`))
      .map((name) => join(dirname(path), name));
  const code =
    (wanted: string, pattern = /./) =>
    (error: ShoalError) =>
      error.code === wanted && pattern.test(error.message);

  it('brings all bytes, keeps what is there, and replaces what is other than it should be', async () => {
    assert.deepEqual(await get(), { sha256: sha(bytes), kept: false });
    assert.deepEqual(new Uint8Array(readFileSync(to)), bytes);
    const before = server.requests();
    assert.deepEqual(await get(), { sha256: sha(bytes), kept: true });
    assert.equal(server.requests(), before);
    writeFileSync(to, 'other');
    assert.equal((await get()).kept, false);
    assert.equal(statSync(to).size, bytes.length);
  });

  it('goes on where a connection broke, and tries again after a refusal', async () => {
    server.faults.push(503, 'cut', 503, 'cut');
    const seen: number[] = [];
    await get({ onProgress: (done: number) => void seen.push(done) });
    assert.deepEqual(new Uint8Array(readFileSync(to)), bytes);
    assert.deepEqual(
      [...seen].sort((a, b) => a - b),
      seen,
      'no byte is brought twice',
    );
  });

  it('goes on in another process, and begins anew where the first part was of another file', async () => {
    for (const [part, requests] of [
      [bytes.subarray(0, 1000), 1],
      [new Uint8Array(1000), 2],
      [bytes, 1], // all but the last rename
    ] as const) {
      writeFileSync(`${to}.partial`, part);
      const before = server.requests();
      await get();
      assert.equal(server.requests() - before, requests);
      assert.deepEqual(new Uint8Array(readFileSync(to)), bytes);
      rmSync(to);
    }
  });

  it('is whole where several fetch it at once, whether its hash is known or not', async () => {
    for (const sha256 of [null, sha(bytes)]) {
      const all = await Promise.all([1, 2, 3].map(() => get({ sha256 })));
      assert.deepEqual(new Set(all.map((one) => one.sha256)), new Set([sha(bytes)]));
      assert.deepEqual(new Uint8Array(readFileSync(to)), bytes);
      assert.deepEqual(partsOf(to), []);
      rmSync(to);
    }
  });

  it('goes on with what a process had that was killed, not with what one has that lives', async () => {
    const { pid: dead } = spawnSync(process.execPath, ['--version']);
    const had = `${to}.partial.${hostname()}`;
    writeFileSync(`${had}.${process.ppid}.1`, bytes.subarray(0, 10));
    writeFileSync(`${had}.${dead}.1`, bytes.subarray(0, 299_000));
    const seen: number[] = [];
    await get({ onProgress: (done: number) => void seen.push(done) });
    assert.ok(seen[0]! > 299_000, `${seen[0]} bytes after the first piece`);
    assert.deepEqual(new Uint8Array(readFileSync(to)), bytes);
    assert.deepEqual(partsOf(to), [`${had}.${process.ppid}.1`]);
    rmSync(`${had}.${process.ppid}.1`);
  });

  it('takes all from a server that knows no ranges', async () => {
    const plain = await serveFolder(join(home, 'served'), false);
    writeFileSync(`${to}.partial`, bytes.subarray(0, 1000));
    await get({ url: `${plain.url}/file` });
    assert.deepEqual(new Uint8Array(readFileSync(to)), bytes);
    await plain.close();
  });

  it('refuses another hash, a missing file and a dead server, and leaves no file', async () => {
    await assert.rejects(get({ sha256: 'f'.repeat(64) }), code('SHOAL_DATA_CORRUPT'));
    const before = server.requests();
    await assert.rejects(get({ url: `${server.url}/nothing` }), code('SHOAL_DATA_FETCH'));
    assert.equal(server.requests() - before, 1, '404 is final');
    server.faults.push(503, 503, 503, 503, 503, 503);
    await assert.rejects(get(), code('SHOAL_DATA_FETCH'));
    assert.ok(!existsSync(to));
  });

  it('says at once where the disk is full, and where a file has the name of a folder', async () => {
    const full = join(home, 'full');
    symlinkSync('/dev/full', `${full}.partial`);
    const before = server.requests();
    await assert.rejects(get({ to: full }), code('SHOAL_DATA_WRITE', /a full disk: ENOSPC/));
    assert.equal(server.requests() - before, 1, 'it is not asked for again');
    writeFileSync(full, '');
    await assert.rejects(get({ to: join(full, 'file') }), code('SHOAL_DATA_WRITE'));
  });

  it('gives up a connection that brings nothing, and ends at once when aborted', async () => {
    server.faults.push('silent', null);
    await get({ idleMs: 100 });
    rmSync(to);
    server.faults.push('silent');
    const abort = new AbortController();
    const getting = get({ signal: abort.signal });
    abort.abort(new Error('enough'));
    await assert.rejects(getting, /^Error: enough$/);
  });
});

describe('fetching a dataset of the catalog', () => {
  const home = mkdtempSync(join(tmpdir(), 'shoal-fetch-set-'));
  const served = join(home, 'served');
  let server: FileServer;
  let entry: CatalogEntry;
  before(async () => {
    const inside = join(home, 'cifar-10-batches-bin');
    mkdirSync(inside);
    mkdirSync(served);
    const { contents } = catalog['cifar10']!;
    for (const name of contents)
      writeFileSync(
        join(inside, name),
        name.endsWith('.txt') ? 'x\n' : new Uint8Array(3 * 3073).fill(name.length % 10),
      );
    writeFileSync(join(inside, 'readme.html'), 'not taken');
    await create({ gzip: true, cwd: home, file: join(served, 'cifar-10-binary.tar.gz') }, ['cifar-10-batches-bin']);
    const archive = readFileSync(join(served, 'cifar-10-binary.tar.gz'));
    const file = { name: 'cifar-10-binary.tar.gz', sha256: sha(archive), bytes: archive.length };
    entry = { ...catalog['cifar10']!, files: [file] };
    server = await serveFolder(served);
  });
  after(async () => {
    await server.close();
    rmSync(home, { recursive: true });
  });

  it('takes an archive apart into a folder that its reader reads, and fetches nothing again', async () => {
    const out = join(home, 'out');
    const options = { entry, out, from: server.url, signal: new AbortController().signal, onProgress() {} };
    mkdirSync(join(out, 'unpacking'), { recursive: true }); // of a process that was killed
    assert.equal(await fetchDataset(options), 1);
    assert.deepEqual(readdirSync(out).sort(), [...entry.contents].sort());
    assert.equal(await fetchDataset(options), 0);
    const { train, test } = await openDataset({ reader: 'cifar', path: out, labels: 'fine' });
    assert.deepEqual([train.length, test.length], [15, 3]);
  });

  it('has a SHA-256 and an address for every file', () => {
    const files = Object.values(catalog).flatMap((one) => one.files.map((file) => ({ ...file, from: one.from })));
    assert.equal(new Set(files.map(({ sha256 }) => sha256)).size, 10);
    for (const { sha256, from, bytes } of files)
      assert.ok(/^[0-9a-f]{64}$/.test(sha256) && /^https?:\/\/.+\/$/.test(from) && bytes > 4000);
  });

  it('is a command: a URL, another server for a name, names that there are', async () => {
    const { url } = server;
    const archive = readFileSync(join(served, 'cifar-10-binary.tar.gz'));
    const file = ['data', 'fetch', `${url}/cifar-10-binary.tar.gz`, '-o', 'here', '--json'];
    const got = await shoal(home, [...file, '--sha256', sha(archive)]);
    assert.equal(got.code, 0, got.stderr);
    const path = join('here', 'cifar-10-binary.tar.gz');
    assert.deepEqual(linesOf(got.stdout).at(-1), { event: 'fetched', path, sha256: sha(archive), kept: false });
    const other = await shoal(home, ['data', 'fetch', 'cifar10', '--from', url, '-o', 'cifar']);
    assert.equal(other.code, 2);
    assert.match(other.stderr, /SHOAL_DATA_CORRUPT.*cifar-10-binary/s);
    const unknown = await shoal(home, ['data', 'fetch', 'imagenet']);
    assert.equal(unknown.code, 2);
    assert.match((await shoal(home, ['data', 'fetch', 'http://'])).stderr, /SHOAL_USAGE/);
    assert.match(unknown.stderr, /mnist, fashion-mnist, cifar10, cifar100, or a URL/);
  });
});
