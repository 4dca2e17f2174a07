// remote.test.ts: IDX, CIFAR and folders of images over HTTP: the same datasets as from the disk, through refusals and cut connections.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { ShoalError } from '../../../base/errors.ts';
import { datasetSchema, openDataset, scanDataset } from '../../../datasets/readers/index.ts';
import { type FileServer, serveFolder } from '../support/file-server.ts';
import { write, writeImages } from '../support/images.ts';

describe('datasets over HTTP', () => {
  const home = mkdtempSync(join(tmpdir(), 'shoal-remote-'));
  const at = (name: string): string => join(home, name);
  const u32 = (n: number) => [0, 0, n >> 8, n & 255];
  let server: FileServer;
  before(async () => {
    mkdirSync(at('idx'));
    for (const [part, count] of [
      ['train', 30],
      ['t10k', 9],
    ] as const) {
      const pixels = Array.from({ length: count * 20 }, (_, i) => (i * 7 + count) & 255);
      const labels = Array.from({ length: count }, (_, i) => i % 3);
      const images = Buffer.from([0, 0, 8, 3, ...u32(count), ...u32(5), ...u32(4), ...pixels]);
      writeFileSync(at(`idx/${part}-images-idx3-ubyte.gz`), gzipSync(images));
      writeFileSync(at(`idx/${part}-labels.idx1-ubyte`), Buffer.from([0, 0, 8, 1, ...u32(count), ...labels]));
    }
    mkdirSync(at('cifar'));
    const records = (count: number) =>
      Buffer.from(Array.from({ length: count * 3074 }, (_, i) => (i % 3074 < 2 ? i % 7 : i & 255)));
    for (const [name, count] of Object.entries({ train: 5, test: 2 }))
      writeFileSync(at(`cifar/${name}.bin`), records(count));
    await writeImages(at('images'), 4);
    const rows = ['a', 'b', 'c'].flatMap((name) =>
      [0, 1, 2, 3].map((i) => `${name}/${i}.${i % 2 === 0 ? 'png' : 'jpg'},${name.toUpperCase()}`),
    );
    write(home, 'images/metadata.csv', `file_name,label\n${rows.join('\n')}\n`);
    write(
      home,
      'climbs/metadata.jsonl',
      '{"file_name": "../idx/x.png", "label": "a"}\n{"file_name": "a.png", "label": "a"}\n',
    );
    server = await serveFolder(home);
  });
  after(async () => {
    await server.close();
    rmSync(home, { recursive: true });
  });
  const open = (reader: string, path: string, options: object) =>
    openDataset(datasetSchema.parse({ reader, path, ...options }));

  for (const [reader, name, options] of [
    ['idx', 'idx', {}],
    ['cifar', 'cifar', { labels: 'coarse' }],
    ['folder', 'images', { size: [8, 8] }],
  ] as const)
    it(`${reader}: the same samples as from the disk, though the server refuses and breaks off`, async () => {
      const local = await open(reader, at(name), options);
      server.faults.push(null, 503, null, 'cut', null, 'short');
      const remote = await open(reader, `${server.url}/${name}`, options);
      for (const part of ['train', 'test'] as const) assert.equal(remote[part].hash, local[part].hash);
      assert.equal(server.faults.length, 0);
    });

  it('name what is missing, and leave no way out of the folder', async () => {
    const code = (wanted: string) => (error: ShoalError) => error.code === wanted;
    await assert.rejects(open('idx', `${server.url}/images`, {}), code('SHOAL_DATA_MISSING'));
    await assert.rejects(open('cifar', `${server.url}/images`, {}), code('SHOAL_DATA_MISSING'));
    await assert.rejects(open('folder', `${server.url}/idx`, {}), code('SHOAL_DATA_MISSING'));
    const { entries, bad } = await scanDataset({ reader: 'folder', path: `${server.url}/climbs` });
    assert.deepEqual([entries.length, bad.length], [1, 1]);
  });
});
