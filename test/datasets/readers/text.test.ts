// text.test.ts: texts as windows of ids: next ids, hidden words, files, tokenizers, refusals.
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ShoalError } from '../../../base/errors.ts';
import type { Dataset, Reader } from '../../../datasets/reader.ts';
import { datasetSchema, openDataset } from '../../../datasets/readers/index.ts';
import { openTokens } from '../../../datasets/readers/text-tokens.ts';
import { testReader } from '../../cases/reader.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const LENGTH = 20;

describe('texts', () => {
  const home = temporaryFolder('text');
  const folder = join(home, 'texts');
  mkdirSync(folder);
  const parts = [0, 1].map((part) => Array.from({ length: 307 }, (_, i) => 33 + ((i * i + part) % 90)));
  writeFileSync(join(folder, 'b.txt'), Buffer.from(parts[1]!));
  writeFileSync(join(folder, 'a.txt'), Buffer.from(parts[0]!));
  symlinkSync('a.txt', join(folder, 'link.txt'));
  const all = parts.flat();

  const open = (options: object = {}): Promise<Dataset> =>
    openDataset(datasetSchema.parse({ reader: 'text', path: folder, length: LENGTH, ...options }));
  const sample = (reader: Reader, index: number): readonly [number[], number[]] => {
    const [image, label] = [new Int32Array(LENGTH), new Int32Array(LENGTH)];
    reader.read(index, { image: new Uint8Array(image.buffer), label: new Uint8Array(label.buffer) });
    return [[...image], [...label]];
  };
  const samples = (reader: Reader) => Array.from({ length: reader.length }, (_, i) => sample(reader, i));
  const rejects = (options: object, code: string, pattern: RegExp) =>
    assert.rejects(open(options), (error: ShoalError) => error.code === code && pattern.test(error.message));

  testReader('a text, next ids', async () => (await open()).train);
  testReader('a text, hidden words, held out', async () => (await open({ task: 'masked', heldOutEvery: 4 })).test);

  it('are read in the order of their names, links left out, every tenth window held out, labels one place on', async () => {
    const { train, test } = await open();
    const windows = Array.from({ length: Math.floor((all.length - 1) / LENGTH) }, (_, i) => [
      all.slice(i * LENGTH, (i + 1) * LENGTH),
      all.slice(i * LENGTH + 1, (i + 1) * LENGTH + 1),
    ]);
    assert.deepEqual(samples(test), [windows[9], windows[19], windows[29]]);
    assert.deepEqual(
      samples(train),
      windows.filter((_, i) => i % 10 !== 9),
    );
    assert.equal(train.classes, 256);
  });

  it('tell the file, from windows that lie in one', async () => {
    const { train, test } = await open({ task: 'document', heldOutEvery: 2 });
    assert.equal(train.classes, 2);
    assert.equal(train.length + test.length, 29, '30 windows, one of which holds the end of a file');
    const label = new Int32Array(1);
    test.read(test.length - 1, { label: new Uint8Array(label.buffer) });
    assert.equal(label[0], 1);
  });

  it('overlap where the stride is shorter than a window', async () => {
    const { train } = await open({ stride: 7 });
    assert.deepEqual(sample(train, 1)[0], all.slice(7, 7 + LENGTH));
  });

  it('hide the same number of words in each window: fourth fifths as a new id, the rest as others or themselves', async () => {
    const { train, test } = await open({ task: 'masked', stride: 1, maskRate: 0.25 });
    assert.equal(train.classes, 257);
    const shares = { hidden: 0, kept: 0, other: 0 };
    for (const [ids, labels] of [...samples(train), ...samples(test)]) {
      const places = labels.flatMap((label, i) => (label >= 0 ? [i] : []));
      assert.equal(places.length, 5);
      for (const i of places) {
        if (ids[i] === 256) shares.hidden++;
        else if (ids[i] === labels[i]) shares.kept++;
        else shares.other++;
      }
      assert.ok(ids.every((id, i) => labels[i]! >= 0 || id < 256));
    }
    const total = shares.hidden + shares.kept + shares.other;
    assert.ok(Math.abs(shares.hidden / total - 0.8) < 0.03, 'four fifths within 0.03');
    assert.ok(Math.abs(shares.other / total - 0.1) < 0.03, 'a tenth within 0.03');
  });

  it('hide other words for another seed', async () => {
    const [one, two] = await Promise.all([0, 1].map((seed) => open({ task: 'masked', seed })));
    assert.notEqual(one!.train.hash, two!.train.hash);
  });

  it('go through a tokenizer.json, and back', async () => {
    const path = join(home, 'tokenizer.json');
    const vocab = { '[UNK]': 0, to: 1, be: 2, or: 3, not: 4 };
    const model = { type: 'WordLevel', vocab, unk_token: '[UNK]' };
    const pre_tokenizer = { type: 'Whitespace' };
    const rest = { version: '1.0', added_tokens: [], normalizer: null, post_processor: null, decoder: null };
    writeFileSync(path, JSON.stringify({ ...rest, model, pre_tokenizer }));
    const tokens = await openTokens(path);
    assert.equal(tokens.size, 5);
    const ids = [...tokens.encode(Buffer.from('to be or not to be'))];
    assert.deepEqual(ids, [1, 2, 3, 4, 1, 2]);
    assert.equal(tokens.decode([1, 2, 3]), 'to be or');
  });

  it('are refused by name when missing, too short, or without their tokenizer', async () => {
    await rejects({ path: join(home, 'nothing') }, 'SHOAL_DATA_MISSING', /nothing.*no such file/s);
    const odd = join(home, 'odd');
    mkdirSync(odd);
    writeFileSync(Buffer.concat([Buffer.from(`${odd}/caf`), Uint8Array.of(0xe9)]), 'text');
    await rejects({ path: odd }, 'SHOAL_DATA_MISSING', /odd\/caf\ufffd, a name that is no UTF-8/);
    await rejects({ length: 100 }, 'SHOAL_DATA_EMPTY', /614 tokens.*10 windows of 100/s);
    await rejects({ tokenizer: join(home, 'none.json') }, 'SHOAL_DATA_MISSING', /none\.json/);
    writeFileSync(join(home, 'bad.json'), '[');
    await rejects({ tokenizer: join(home, 'bad.json') }, 'SHOAL_DATA_FORMAT', /bad\.json/);
  });
});
