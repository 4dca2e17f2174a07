// spool.test.ts: sources that can be read only once: stdin, gzip, servers without ranges. Prepared to the bytes of the file itself.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { ShoalError } from '../../base/errors.ts';
import { tarEnd, tarMember } from '../../datasets/formats/tar.ts';
import { prepareSchema } from '../../datasets/prepare/job.ts';
import { prepareDataset } from '../../datasets/prepare/run.ts';
import { spool } from '../../datasets/prepare/spool.ts';
import { guessReader } from '../../datasets/readers/guess.ts';
import { braces } from '../../datasets/readers/locations.ts';
import { type FileServer, serveFolder } from './support/file-server.ts';
import { encoded } from './support/images.ts';

const bin = fileURLToPath(new URL('../../bin/shoal.ts', import.meta.url));
const { signal } = new AbortController();

describe('sources that can be read only once', () => {
  const home = mkdtempSync(join(tmpdir(), 'shoal-once-'));
  const at = (name: string): string => join(home, name);
  let server: FileServer;
  before(async () => {
    const members: Uint8Array[] = [];
    for (let i = 0; i < 12; i++) {
      members.push(...tarMember(`${i}.png`, await encoded('png', i % 2, i)));
      members.push(...tarMember(`${i}.cls`, Buffer.from(['cat', 'dog'][i % 2]!)));
    }
    const tar = Buffer.concat([...members, tarEnd()]);
    mkdirSync(at('files'));
    writeFileSync(at('files/stdin.tar'), tar);
    writeFileSync(at('files/pets.tar.gz'), gzipSync(tar));
    writeFileSync(at('files/pets.tar'), tar);
    const table = `x,y,label\n${Array.from({ length: 20 }, (_, i) => `${i},${i * i},${'ab'[i % 2]}`).join('\n')}\n`;
    writeFileSync(at('files/table.csv'), table);
    writeFileSync(at('files/table.csv.gz'), gzipSync(table));
    writeFileSync(at('files/cut.csv.gz'), gzipSync(table).subarray(0, 60));
    server = await serveFolder(at('files'), false);
  });
  after(async () => {
    await server.close();
    rmSync(home, { recursive: true });
  });

  const folderHash = (folder: string): string => {
    const hash = createHash('sha256');
    for (const name of readdirSync(folder).sort()) {
      // the source's path stands in the plan's first line
      const text = readFileSync(join(folder, name), 'latin1').replace(/"source":\{[^}]*\}/, '');
      hash.update(`${name}\n${text}`);
    }
    return hash.digest('hex');
  };
  const prepare = async (out: string, path: string, threads = 1): Promise<string> => {
    const job = prepareSchema.parse({ source: { reader: guessReader(path)!, path }, shardSize: 3 });
    const options = { job, out: at(out), threads, mode: 'incremental', maxErrors: { count: 0 } } as const;
    await prepareDataset({ ...options, task: null, version: 'test', signal, onProgress() {} });
    return folderHash(at(out));
  };
  const left = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('shoal-stream-'));

  it('files of one name in several folders are two files', async () => {
    for (const folder of ['a', 'b']) {
      mkdirSync(at(folder));
      writeFileSync(at(`${folder}/same.csv.gz`), gzipSync(`x,label\n1,${folder}\n`));
    }
    const { options, remove } = await spool({ reader: 'csv', path: at('{a,b}/same.csv.gz') }, signal);
    const { path } = options as { readonly path: string };
    const rows = braces(path).map((file) => readFileSync(file, 'utf8').split('\n')[1]);
    remove();
    assert.deepEqual(rows, ['1,a', '1,b']);
  });

  it('gzip and a server without ranges: the bytes that the file gives, for 1 and 2 threads; nothing is left behind', async () => {
    const before = left();
    const tar = await prepare('tar', at('files/pets.tar'));
    assert.equal(await prepare('tar-gz', at('files/pets.tar.gz')), tar);
    assert.equal(await prepare('tar-gz-2', at('files/pets.tar.gz'), 2), tar);
    assert.equal(await prepare('tar-url', `${server.url}/pets.tar`), tar);
    assert.equal(await prepare('tar-gz-url', `${server.url}/pets.tar.gz`), tar);
    const table = await prepare('csv', at('files/table.csv'));
    assert.equal(await prepare('csv-gz', at('files/table.csv.gz')), table);
    assert.equal(await prepare('csv-url', `${server.url}/table.csv`), table);
    assert.deepEqual(left(), before);
  });

  it('stdin: the same folder as from a file of its bytes, packed or not, and after a kill', async () => {
    await prepare('file', at('files/stdin.tar'));
    for (const [i, name] of ['pets.tar', 'pets.tar.gz'].entries()) {
      const flags = [
        'data',
        'prep',
        '-',
        '--reader',
        'webdataset',
        '-o',
        at(`piped-${i}`),
        '--shard-size',
        '3',
        '--json',
      ];
      const temporary = at(`tmp-${i}`);
      mkdirSync(temporary);
      for (const kill of [true, false]) {
        const env = { ...process.env, TMPDIR: temporary };
        const child = spawn(process.execPath, [bin, ...flags], { stdio: ['pipe', 'pipe', 'inherit'], env });
        child.stdin!.on('error', () => {}); // it may be gone before it has read all
        child.stdin!.end(readFileSync(at(`files/${name}`)));
        if (kill) child.stdout!.once('data', () => child.kill('SIGKILL'));
        child.stdout!.resume();
        const [code] = await once(child, 'close');
        assert.ok(kill || code === 0);
      }
      const manifest = (folder: string) =>
        readFileSync(at(`${folder}/manifest.json`), 'utf8').replace(/"shoal":"[^"]*"/, '');
      assert.equal(manifest(`piped-${i}`), manifest('file'));
    }
  });

  it('are told of where they are damaged, and then leave nothing; files that can be read anywhere are not copied', async () => {
    const before = left();
    const damaged = spool({ reader: 'csv', path: at('files/cut.csv.gz') }, signal);
    await assert.rejects(damaged, (error: ShoalError) => error.code === 'SHOAL_DATA_CORRUPT');
    assert.deepEqual(left(), before);
    const options = { reader: 'csv', path: at('files/table.csv') };
    assert.equal((await spool(options, signal)).options, options);
    const folder = { reader: 'folder', path: '-' };
    assert.equal((await spool(folder, signal)).options, folder);
    const piped = await spool({ reader: 'csv', path: '-' }, signal, Readable.from(['label,x\n', 'a,1\n']));
    const { path } = piped.options as { path: string };
    assert.equal(readFileSync(path, 'utf8'), 'label,x\na,1\n');
    piped.remove();
    assert.ok(!existsSync(path));
  });
});
