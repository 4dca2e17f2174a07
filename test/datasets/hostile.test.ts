// hostile.test.ts: 200 files that something is wrong with, among good ones: none crashes the job, no good sample is lost, each bad one is told of.
import assert from 'node:assert/strict';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { draws, seedWords } from '../../base/random.ts';
import { tarEnd, tarMember } from '../../datasets/formats/tar.ts';
import { prepareSchema } from '../../datasets/prepare/job.ts';
import { prepareDataset } from '../../datasets/prepare/run.ts';
import { scanDataset } from '../../datasets/readers/index.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { encoded, write } from './support/images.ts';
import { PLAIN } from './support/prepare.ts';

const home = temporaryFolder('hostile');
const root = join(home, 'folder');

/** Prepares a source, and answers what became of each sample. */
async function prepared(source: { reader: string; path: string }, out: string) {
  await prepareDataset({
    job: prepareSchema.parse({
      source,
      shardSize: 64,
      encode: 'raw',
      dedup: 'none',
      transform: { resize: { rows: 8, columns: 8, fit: 'fill' } },
    }),
    out: join(home, out),
    ...PLAIN,
    threads: 2,
    maxErrors: { share: 1 },
  });
  const lines = (name: string) =>
    readFileSync(join(home, out, name), 'utf8')
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  const bad = new Map<string, string>(lines('bad.jsonl').map(({ key, reason }) => [key, reason]));
  const planned = lines('plan.jsonl')
    .slice(1)
    .map(({ key }): string => key);
  return { bad, good: planned.filter((key) => !bad.has(key)) };
}

/** A small PNG whose header says 30,000 x 30,000 pixels, checksum and all. */
function bomb(png: Buffer): Buffer {
  const bytes = Buffer.from(png);
  bytes.writeUInt32BE(30_000, 16);
  bytes.writeUInt32BE(30_000, 20);
  bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
  return bytes;
}

describe('a hostile folder', () => {
  const must = new Map<string, RegExp>(); // what is bad, and why
  const may: string[] = []; // damaged somewhere: good or bad, but accounted for
  const good: string[] = [];
  before(async () => {
    const word = draws(seedWords(7), 0, 0, 0);
    const [png, jpg] = [await encoded('png', 0, 1, 40, 60), await encoded('jpeg', 1, 2, 40, 60)];
    const add = (path: string, bytes: Uint8Array | string, why?: RegExp): void => {
      write(root, path, bytes);
      if (why) must.set(path, why);
      else good.push(path);
    };
    for (let i = 0; i < 40; i++) add(`${'abcd'[i % 4]}/good-${i}.png`, await encoded(i % 2 ? 'png' : 'jpeg', i % 3, i));
    for (let i = 0; i < 30; i++) {
      const cut = 0.1 + 0.027 * i;
      add(`a/cut-${i}.png`, png.subarray(0, png.length * cut), /ends early|damaged/);
      add(`b/cut-${i}.jpg`, jpg.subarray(0, jpg.length * cut), /ends early|damaged/);
    }
    for (let i = 0; i < 10; i++) add(`a/zero-${i}.png`, '', /zero bytes/);
    for (let i = 0; i < 40; i++)
      add(
        `c/noise-${i}.jpg`,
        Uint8Array.from({ length: 300 }, (_, at) => word(300 * i + at) % 251),
        /no image/,
      );
    for (const [i, text] of [
      '<svg xmlns="http://www.w3.org/2000/svg"/>',
      '%PDF-1.7',
      'PK\u0003\u0004',
      '{"a":1}',
      '#!/bin/sh\n',
      '<html></html>',
      'BM....',
      'GIF8',
      '\u0000',
      'ID3',
    ].entries())
      add(`d/other-${i}.png`, text, i === 7 ? /damaged|ends early/ : /no image/);
    for (let i = 0; i < 50; i++) {
      const bytes = Buffer.from(i % 2 ? png : jpg);
      for (let flip = 0; flip < 3; flip++) bytes[4 + (word(10_000 + 3 * i + flip) % (bytes.length - 4))]! ^= 1 << flip;
      write(root, `b/flipped-${i}.bin`, bytes);
      may.push(`b/flipped-${i}.bin`);
    }
    for (let i = 0; i < 5; i++) add(`c/bomb-${i}.png`, bomb(png), /more pixels than allowed/);
    for (const [i, name] of [
      'new\nline',
      'tab\t',
      ' space ',
      'ü',
      '日本',
      'quote\'"',
      '-rf',
      '%2e%2e',
      'a.b.c',
      '$(id)',
      'CON',
      '~',
      '*',
      '?',
      '\u202etxt',
      'very'.repeat(60),
    ].entries())
      add(`d/${name}.${i % 2 ? 'jpg' : 'txt'}`, await encoded('png', 1, i));
    for (const [name, target] of [
      ['self', 'self'],
      ['up', '..'],
      ['gone', 'nowhere'],
      ['root', '../../folder'],
      ['one', 'two'],
      ['two', 'one'],
    ] as const) {
      symlinkSync(target, join(root, 'a', name));
      must.set(`a/${name}`, /link/);
    }
  });

  it('of 200 bad or odd files gives every good sample, and every bad one with its reason', async () => {
    const odd = must.size + may.length + good.length - 40;
    const { bad, good: found } = await prepared({ reader: 'folder', path: root }, 'out');
    const inTar = await tars();
    assert.ok(odd + inTar >= 200, `${odd} files and ${inTar} members`);
    for (const path of good) assert.ok(found.includes(path), `lost ${JSON.stringify(path)}: ${bad.get(path)}`);
    for (const [path, why] of must) assert.match(bad.get(path) ?? 'not told', why, path);
    for (const path of may) assert.ok(found.includes(path) !== bad.has(path), path);
    assert.equal(found.length + bad.size, must.size + may.length + good.length);
  });

  /** Members that climb out of their tar, beside good ones. @returns how many */
  async function tars(): Promise<number> {
    const png = await encoded('png', 0, 3);
    const paths = [
      '../x',
      '/etc/x',
      'a/../../x',
      '..\\x',
      'C:/x',
      './../x',
      'a/b/../../../x',
      '//x',
      '\\..\\x',
      '../../../../tmp/x',
    ];
    const members = [...paths.map((path) => `${path}.png`), 'fine.png', 'in/fine.png'].flatMap((path) =>
      tarMember(path, png),
    );
    const labels = ['fine', 'in/fine'].flatMap((name) => tarMember(`${name}.cls`, Buffer.from('0')));
    const path = join(home, 'evil.tar');
    writeFileSync(path, Buffer.concat([...members, ...labels, tarEnd()]));
    const { bad, good: found } = await prepared({ reader: 'webdataset', path }, 'out-tar');
    assert.deepEqual(found.toSorted(), ['evil/fine', 'evil/in/fine']);
    assert.deepEqual(new Set(bad.values()), new Set(['a path that climbs out of its tar']));
    assert.equal(bad.size, paths.length);
    return paths.length;
  }

  it('of tables gives every whole row of ragged ones, and every row beside a damaged page', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? `${i},a` : i % 3 === 1 ? `${i}` : `${i},b,c`));
    writeFileSync(join(home, 'ragged.csv'), `x,label\n${rows.join('\n')}\n`);
    const ragged = await scanDataset({ reader: 'csv', path: join(home, 'ragged.csv') });
    assert.deepEqual([ragged.entries.length, ragged.bad.length], [20, 40]);
    const numbers = Array.from({ length: 40 }, (_, i) => i);
    const bytes = Buffer.from(
      parquetWriteBuffer({
        rowGroupSize: 10,
        columnData: [
          { name: 'x', data: numbers, type: 'DOUBLE' },
          { name: 'label', data: numbers.map((i) => i % 2), type: 'INT32' },
        ],
      }),
    );
    bytes.fill(0xff, 4, 24);
    writeFileSync(join(home, 'page.parquet'), bytes);
    const page = await scanDataset({ reader: 'parquet', path: join(home, 'page.parquet') });
    assert.deepEqual([page.entries.length, page.bad.length], [30, 10]);
  });
});
