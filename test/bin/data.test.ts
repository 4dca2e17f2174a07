// data.test.ts: `shoal data` on the command line: prepare, verify, count, look; then train and evaluate on what was prepared.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseMaxErrors, parseSplit, parseTransform, prepareJob } from '../../bin/input/prepare-options.ts';
import { scanDataset } from '../../datasets/readers/index.ts';
import { write, writeImages } from '../datasets/support/images.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { linesOf, shoal } from './support/shoal.ts';

describe('shoal data', () => {
  const home = temporaryFolder('data');
  const prep = [
    'data',
    'prep',
    'images',
    '-o',
    'out',
    '--transform',
    'resize=8x8',
    '--encode',
    'raw',
    '--max-errors',
    '2',
  ];
  before(async () => {
    await writeImages(join(home, 'images'), 8);
    write(join(home, 'images'), 'a/<b>&.png', 'no image');
  });

  it('prep tells counts, reasons and the next step; again, it makes nothing', async () => {
    const first = await shoal(home, prep);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /train +21 samples in 1 shard\n/);
    assert.match(first.stdout, /Train on it: "data": \{ "reader": "webdataset", "path": "out" \}/);
    assert.match(first.stderr, /1 of 24 are bad|1 of 25 are bad/);
    assert.match(first.stderr, /no image, by its first bytes/);
    const again = await shoal(home, [...prep, '--json']);
    const [start, ...others] = linesOf(again.stdout);
    assert.deepEqual([start!['shards'], start!['of_shards'], others.length], [2, 2, 1]);
  });

  it('verify ends with 1 and names what is wrong, and with 0 where nothing is', async () => {
    const images = await shoal(home, ['data', 'verify', 'images', '--json']);
    assert.equal(images.code, 1);
    const [{ problems }] = linesOf(images.stdout) as [{ problems: { key: string }[] }];
    assert.deepEqual(
      problems.map(({ key }) => key),
      ['a/<b>&.png'],
    );
    const good = await shoal(home, ['data', 'verify', 'out']);
    assert.deepEqual(
      [good.code, good.stdout],
      [0, 'All 24 samples can be read and decoded, and 2 shards have their hashes.\n'],
    );
    const path = join(home, 'out/train-000000.tar');
    const bytes = readFileSync(path);
    bytes[700]! ^= 1;
    writeFileSync(path, bytes);
    const changed = await shoal(home, ['data', 'verify', 'out']);
    assert.equal(changed.code, 1);
    assert.match(changed.stderr, /another hash/);
    rmSync(path);
    const missing = await shoal(home, ['data', 'verify', 'out']);
    assert.deepEqual([missing.code, missing.stdout], [1, '1 problems.\n']);
    assert.match(missing.stderr, /1 of 24 are bad:\n1 {2}a shard that is missing, .*"train-000000\.tar"/);
    bytes[700]! ^= 1;
    writeFileSync(path, bytes);
  });

  it('stats counts, inspect writes a page on which names are text', async () => {
    const stats = await shoal(home, ['data', 'stats', 'out', '--json']);
    const [about] = linesOf(stats.stdout);
    assert.deepEqual(
      [about!['per_class'], about!['class_weights']],
      [
        [8, 8, 8],
        [1, 1, 1],
      ],
    );
    const inspect = await shoal(home, ['data', 'inspect', 'images', '--html', 'sheet.html']);
    assert.equal(inspect.code, 0, inspect.stderr);
    const html = readFileSync(join(home, 'sheet.html'), 'utf8');
    assert.ok(html.includes('&#60;b&#62;&#38;.png') && !html.includes('<b>&'));
    assert.equal(html.split('src="data:image/png').length, 25);
    const nowhere = await shoal(home, ['data', 'inspect', 'images', '--html', 'none/sheet.html']);
    assert.match(nowhere.stderr, /SHOAL_DATA_WRITE: write none\/sheet\.html/);
  });

  it('stats counts none where there are none', async () => {
    write(home, 'none.tar', '');
    assert.equal((await shoal(home, ['data', 'stats', 'none.tar'])).stdout, 'samples  0\n');
  });

  it('prints a name of several lines on one', async () => {
    write(home, 'odd.csv', 'x,label\n1,"a\nb"\n2,"\x1b[31mc"\n');
    const { stdout } = await shoal(home, ['data', 'stats', 'odd.csv']);
    assert.match(stdout, /0 {2}\\u001b\[31mc .*\n +1 {2}a\\u000ab /);
  });

  it('trains, evaluates and predicts on what was prepared', async () => {
    const layers = [
      { class_name: 'InputLayer', config: { batch_shape: [null, 8, 8, 3] } },
      { class_name: 'Flatten', config: {} },
      { class_name: 'Dense', config: { units: 3, activation: 'softmax' } },
    ];
    const job = {
      name: 'colours',
      model: { class_name: 'Sequential', config: { name: 'colours', layers } },
      data: { reader: 'webdataset', path: 'out' },
      loss: 'sparse_categorical_crossentropy',
      optimizer: { class_name: 'Adam', config: { learning_rate: 0.01 } },
      batch: 8,
      epochs: 80,
    };
    writeFileSync(join(home, 'job.json'), JSON.stringify(job));
    const train = await shoal(home, ['train', 'job.json', '--threads', '1', '--json']);
    assert.equal(train.code, 0, train.stderr);
    const metrics = linesOf(train.stdout).at(-1)!['metrics'] as { accuracy: number };
    assert.equal(metrics.accuracy, 1);
    const predict = await shoal(home, ['predict', 'runs/colours', 'images/b/1.jpg', '--json']);
    assert.equal(linesOf(predict.stdout)[0]!['class'], 1, predict.stderr);
  });

  it('reads its options, and refuses what they cannot mean', () => {
    assert.deepEqual(parseTransform('resize=256,crop=224'), {
      resize: { shorter: 256 },
      crop: { rows: 224, columns: 224 },
    });
    assert.deepEqual(parseTransform('resize=2x3,fit=fill,channels=1'), {
      resize: { rows: 2, columns: 3, fit: 'fill' },
      crop: null,
      channels: 1,
    });
    for (const wrong of ['size=3', 'resize=x', 'resize=3,fit=fill', 'resize=-1', 'resize=4,resize=5', 'crop=4=5'])
      assert.throws(() => parseTransform(wrong), wrong);
    assert.deepEqual(parseSplit('0.8/0.1/0.1'), { validation: 0.1, test: 0.1 });
    for (const wrong of ['0.8', '0.5/0.6', 'a/b', '0.9//0.1']) assert.throws(() => parseSplit(wrong), wrong);
    assert.deepEqual([parseMaxErrors('3'), parseMaxErrors('5%')], [{ count: 3 }, { share: 0.05 }]);
    for (const wrong of ['1.5', '-1', '200%', 'x']) assert.throws(() => parseMaxErrors(wrong), wrong);
    const job = (group: string) => prepareJob('digits', { group, shuffle: true, stratify: true });
    assert.equal(job('^(a)').group, '^(a)');
    assert.throws(() => prepareJob(join(home, 'gone'), { shuffle: true, stratify: true }), /got nothing there/);
    assert.throws(() => job('(a'), /SHOAL_USAGE|read --group: got .*Unterminated group/);
  });
  it('refuses options of the reader that change nothing in what is prepared', async () => {
    const source = (options: object) => () => scanDataset({ path: join(home, 'images'), ...options });
    for (const options of [{ size: [2, 2] }, { fit: 'fill' }, { test: 0.5 }, { splitSeed: 1 }]) {
      const [key] = Object.keys(options);
      const said = new RegExp(`the option ${key}, .* expected .*: reader, path\\. Give it to the job`);
      await assert.rejects(source({ reader: 'folder', ...options }), said);
    }
    await assert.rejects(source({ reader: 'text', length: 9 }), /the option length, .*: reader, path, documents\./);
    await assert.rejects(source({ reader: 'webdataset', boxes: 3 }), /the option boxes, /);
    const told = await shoal(home, ['data', 'inspect', 'images', '--set', 'channels=1']);
    assert.deepEqual([told.code, /got +the option channels/.test(told.stderr)], [2, true], told.stderr);
  });
});
