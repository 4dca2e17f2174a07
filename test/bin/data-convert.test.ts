// data-convert.test.ts: `shoal data convert` and `split`: the same samples in another format, or in other parts.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pc from 'picocolors';
import { convertCommand, prepCommand, splitCommand } from '../../bin/commands/data-prep.ts';
import type { Screen } from '../../bin/output/screen.ts';
import { contentHash } from '../../datasets/content-hash.ts';
import { writeNpy } from '../../datasets/formats/npy-write.ts';
import { tarEnd, tarMember } from '../../datasets/formats/tar.ts';
import { openDataset, scanDataset } from '../../datasets/readers/index.ts';
import { writeImages } from '../datasets/support/images.ts';
import { temporaryFolder } from '../support/temporary.ts';

const plain = pc.createColors(false);
const lines: string[] = [];
const screen: Screen = {
  out: (text) => void lines.push(text),
  err() {},
  live: false,
  width: 80,
  outColors: plain,
  errColors: plain,
};

/** Part, label's name and contents of every sample, in order. */
async function samplesOf(reader: string, path: string): Promise<string[]> {
  const source = await scanDataset({ reader, path });
  try {
    assert.deepEqual(source.bad, []);
    return await Promise.all(
      source.entries.map(async (entry) => {
        const name = entry.label === null ? null : source.classes![entry.label];
        return `${entry.part} ${name} ${contentHash(await source.load(entry))}`;
      }),
    );
  } finally {
    await source.close();
  }
}

describe('shoal data convert and split', () => {
  const home = temporaryFolder('convert');
  const at = (name: string): string => join(home, name);
  const all = { shuffle: true, stratify: true, threads: 1 };
  before(async () => {
    await writeImages(at('images'), 8);
    const rows = Array.from({ length: 30 }, (_, i) => `${i},${(i * 7) % 5}.5,${['b', 'a', 'c'][i % 3]}`);
    writeFileSync(at('table.csv'), `x,y,species\n${rows.join('\n')}\n`);
    for (const [source, out] of [
      ['images', 'prepared'],
      ['table.csv', 'rows'],
    ] as const)
      assert.equal(await prepCommand(at(source), { ...all, out: at(out) }, screen), 0);
  });

  it('converts images to TFRecord, Parquet and back: every byte, label, part and place stays', async () => {
    const samples = await samplesOf('webdataset', at('prepared'));
    assert.ok(samples.some((one) => one.startsWith('test ')) && samples.length === 24);
    let from = 'prepared';
    for (const format of ['tfrecord', 'parquet', 'webdataset']) {
      const out = at(`as-${format}`);
      assert.equal(await convertCommand(at(from), { out, format, threads: 2, shardSize: 10 }, screen), 0);
      assert.match(lines.at(-1)!, new RegExp(`"reader": "${format}"`));
      const found = await samplesOf(format, out);
      assert.deepEqual(found.sort(), [...samples].sort());
      from = `as-${format}`;
    }
    assert.deepEqual(await samplesOf('webdataset', at(from)), await inOrder('as-parquet'));
  });
  const inOrder = async (name: string): Promise<string[]> => {
    const samples = await samplesOf('parquet', at(name));
    const rank = ['train', 'validation', 'test'];
    return samples
      .map((one, i) => [one, i] as const)
      .sort(([a, i], [b, j]) => rank.indexOf(a.split(' ')[0]!) - rank.indexOf(b.split(' ')[0]!) || i - j)
      .map(([one]) => one);
  };

  it('converts a table to Parquet, which trains on the same numbers', async () => {
    const out = at('rows-parquet');
    assert.equal(await convertCommand(at('rows'), { out, format: 'parquet', threads: 1 }, screen), 0);
    assert.deepEqual((await samplesOf('parquet', out)).sort(), (await samplesOf('webdataset', at('rows'))).sort());
    const [before, after] = await Promise.all([
      openDataset({ reader: 'webdataset', path: at('rows'), channels: 3, fit: 'cover', test: 0.2, splitSeed: 0 }),
      scanDataset({ reader: 'parquet', path: out }),
    ]);
    assert.deepEqual([after.classes, before.train.classes], [['a', 'b', 'c'], 3]);
    assert.equal(after.entries.filter(({ part }) => part === 'test').length, before.test.length);
  });

  it('refuses tensors of several axes as Parquet before any work, and keeps the folder that it would overwrite', async () => {
    const options = { out: at('tensors'), encode: 'raw', threads: 1 };
    const refused = { code: 'SHOAL_USAGE', got: 'tensors of several axes, u8 of 12 x 16 x 3' };
    await assert.rejects(convertCommand(at('images'), { ...options, format: 'parquet' }, screen), refused);
    assert.ok(!existsSync(at('tensors')));
    assert.equal(await convertCommand(at('images'), { ...options, format: 'webdataset' }, screen), 0);
    const before = readFileSync(at('tensors/manifest.json'));
    const over = { ...options, format: 'parquet', mode: 'overwrite' };
    await assert.rejects(convertCommand(at('images'), over, screen), refused);
    assert.deepEqual(readFileSync(at('tensors/manifest.json')), before);
    await assert.rejects(
      convertCommand(at('tensors'), { ...options, out: at('t2'), format: 'parquet' }, screen),
      refused,
    );
    assert.equal(await convertCommand(at('tensors'), { ...over, out: at('t2'), encode: 'png' }, screen), 0);
  });

  it('refuses samples of several kinds in one Parquet file, and names the first of another kind', async () => {
    const parts = ['a.jpg', 'b.npy'].map(
      (name) =>
        [
          name,
          name.endsWith('npy')
            ? writeNpy([3], new Float32Array(3))
            : readFileSync(at(`images/a/${readdirSync(at('images/a'))[0]}`)),
        ] as const,
    );
    writeFileSync(
      at('mixed.tar'),
      Buffer.concat([...parts.flatMap(([name, bytes]) => tarMember(name, bytes)), tarEnd()]),
    );
    const options = { out: at('mixed'), format: 'parquet', threads: 1 };
    const got = 'mixed/b, which is f32 of 3';
    await assert.rejects(convertCommand(at('mixed.tar'), options, screen), { code: 'SHOAL_USAGE', got });
  });

  it('refuses a source with a bad sample, unless so many are allowed', async () => {
    writeFileSync(at('images/a/bad.png'), 'no image');
    const options = { out: at('refused'), format: 'tfrecord', threads: 1 };
    await assert.rejects(convertCommand(at('images'), options, screen), { code: 'SHOAL_DATA_ERRORS' });
    assert.equal(await convertCommand(at('images'), { ...options, maxErrors: '1' }, screen), 0);
    rmSync(at('images/a/bad.png'));
  });

  it('splits anew, stratified, whatever parts there were; another seed gives other parts', async () => {
    const parts = async (seed: number): Promise<string[]> => {
      const out = at(`split-${seed}`);
      const options = { ...all, out, split: '0.5/0.25/0.25', seed };
      assert.equal(await splitCommand(at('prepared'), options, screen), 0);
      const found = await samplesOf('webdataset', out);
      const counts = new Map<string, number>();
      for (const one of found) {
        const key = one.split(' ').slice(0, 2).join(' ');
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      assert.deepEqual([...new Set(counts.values())].sort(), [2, 4], 'of each class: 4 to train on, 2 and 2 held out');
      return found.map((one) => one.split(' ')[2]!);
    };
    const [first, second] = [await parts(0), await parts(1)];
    assert.notDeepEqual(first, second);
    assert.deepEqual([...first].sort(), [...second].sort());
  });
});
