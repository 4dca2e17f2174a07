// tokens.test.ts: texts prepared as rows of ids: packed to learn the next id, or one row a text; the same for any number of threads; trained on.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ShoalError } from '../../base/errors.ts';
import { prepareJob } from '../../bin/input/prepare-options.ts';
import { prepareDataset } from '../../datasets/prepare/run.ts';
import { fieldBytes, type Reader } from '../../datasets/reader.ts';
import { datasetSchema, openDataset, scanDataset } from '../../datasets/readers/index.ts';
import { parseJob } from '../../trainer/job.ts';
import { runSession } from '../../trainer/session.ts';
import { testReader } from '../cases/reader.ts';
import { temporaryFolder } from '../support/temporary.ts';

const home = temporaryFolder('tokens');
const at = (name: string): string => join(home, name);
const flags = { shuffle: true, stratify: true };

async function prep(source: string, out: string, more: object, threads = 1) {
  const job = prepareJob(at(source), { ...flags, ...more });
  const options = { job, out: at(out), threads, mode: 'incremental', maxErrors: { count: 0 } } as const;
  const { signal } = new AbortController();
  return prepareDataset({ ...options, task: null, version: 'test', signal, onProgress() {} });
}
const open = (path: string, reader = 'webdataset') => openDataset(datasetSchema.parse({ reader, path: at(path) }));

function rowsOf(reader: Reader): { image: number[]; label: number[] }[] {
  const [image, label] = [reader.fields['image']!, reader.fields['label']!].map(
    (field) => new Int32Array(fieldBytes(field) / 4),
  ) as [Int32Array, Int32Array];
  return Array.from({ length: reader.length }, (_, i) => {
    reader.read(i, { image: new Uint8Array(image.buffer), label: new Uint8Array(label.buffer) });
    return { image: [...image], label: [...label] };
  });
}

describe('texts prepared as rows of ids', () => {
  const words = ['<|endoftext|>', 'the', 'cat', 'sat', 'on', 'a', 'mat', 'dog', 'ran', 'far'];
  // every text is this sentence, from another word on: its next word is known
  const sentence = ['the', 'cat', 'sat', 'on', 'a', 'mat'];
  const texts = Array.from({ length: 60 }, (_, i) =>
    Array.from({ length: 5 + (i % 7) }, (_, word) => sentence[(i + word) % 6]!),
  );
  const idsOf = (text: readonly string[]): number[] => text.map((word) => words.indexOf(word));
  const tokenizer = at('tokenizer.json');
  const pack = { tokenizer, length: 8, pack: true };
  before(async () => {
    const vocab = Object.fromEntries(words.map((word, id) => [word, id]));
    const model = { type: 'WordLevel', vocab, unk_token: '<|endoftext|>' };
    const rest = { version: '1.0', added_tokens: [], normalizer: null, post_processor: null, decoder: null };
    writeFileSync(tokenizer, JSON.stringify({ ...rest, model, pre_tokenizer: { type: 'WhitespaceSplit' } }));
    mkdirSync(at('texts'));
    texts.forEach((text, i) => {
      writeFileSync(join(at('texts'), `${String(i).padStart(2, '0')}.txt`), text.join(' '));
    });
    const lines = texts.map((text, i) => JSON.stringify({ body: text.join(' '), label: i % 2 === 0 ? 'even' : 'odd' }));
    writeFileSync(at('lines.jsonl'), `${lines.join('\n')}\n`);
    writeFileSync(at('one.txt'), `${texts.map((text) => text.join(' ')).join('\n\n')}\n`);
    const folder = { ...pack, reader: 'text', shardSize: 20 };
    await prep('texts', 'packed', folder);
    await prep('texts', 'packed-3', folder, 3);
  });

  testReader('packed ids', async () => (await open('packed')).train);

  it('are packed, an end between two texts: every id of a shard once, labels one place on', async () => {
    const { train, test } = await open('packed');
    assert.equal(train.classes, words.length);
    const lines = readFileSync(at('packed/plan.jsonl'), 'utf8').trim().split('\n').slice(1);
    const planned = lines
      .map((line) => JSON.parse(line) as { key: string; shard: string })
      .filter(({ shard }) => shard !== null); // the same text in both parts is left out of one
    let next = 0;
    for (const shard of [...new Set(planned.map((one) => one.shard))]) {
      const own = planned.filter((one) => one.shard === shard);
      const stream = own.flatMap(({ key }) => [...idsOf(texts[Number.parseInt(key, 10)]!), 0]);
      const rows = Math.floor((stream.length - 1) / 8);
      const reader = shard.startsWith('test') ? test : train;
      const from = shard.startsWith('test') ? 0 : next;
      for (let row = 0; row < rows; row++) {
        const { image, label } = rowsOf(reader)[from + row]!;
        assert.deepEqual(image, stream.slice(8 * row, 8 * row + 8));
        assert.deepEqual(label, stream.slice(8 * row + 1, 8 * row + 9));
      }
      if (!shard.startsWith('test')) next += rows;
    }
    assert.equal(train.length, next);
  });

  it('are the same bytes for 1 and 3 threads; the manifest has the hash of the tokenizer', () => {
    const names = readdirSync(at('packed')).sort();
    assert.deepEqual(readdirSync(at('packed-3')).sort(), names);
    for (const name of names)
      assert.deepEqual(readFileSync(at(`packed-3/${name}`)), readFileSync(at(`packed/${name}`)));
    const { tool } = JSON.parse(readFileSync(at('packed/manifest.json'), 'utf8'));
    assert.equal(tool.tokenizer, createHash('sha256').update(readFileSync(tokenizer)).digest('hex'));
    assert.equal(tool.vocabulary, '10');
  });

  it('are the same in every format, and so are texts', async () => {
    const expected = rowsOf((await open('packed')).train);
    for (const format of ['tfrecord', 'parquet']) {
      await prep('texts', `packed-${format}`, { ...pack, reader: 'text', shardSize: 20, format });
      assert.deepEqual(rowsOf((await open(`packed-${format}`, format)).train), expected, format);
      await prep('texts', `plain-${format}`, { reader: 'text', format, dedup: 'none' });
      const source = await scanDataset({ reader: format, path: at(`plain-${format}`) });
      const found = await Promise.all(source.entries.map((entry) => source.load(entry)));
      const plain = found.map((content) => (content.kind === 'text' ? content.text : content.kind));
      assert.deepEqual(plain.sort(), texts.map((words) => words.join(' ')).sort(), format);
      assert.equal(source.classes, null);
      await source.close();
    }
  });

  it('are one row a text, cut or filled up, with their classes, from a column of a table', async () => {
    const rows = { tokenizer, length: 8, set: ['text=body'], dedup: 'none', shuffle: false };
    await prep('lines.jsonl', 'single', rows);
    const { train, test } = await open('single');
    assert.deepEqual([train.length + test.length, train.classes], [60, 2]);
    const found = [...rowsOf(train), ...rowsOf(test)].map(({ image, label }) => `${image} ${label}`);
    const wanted = texts.map((text, i) => `${[...idsOf(text), 0, 0, 0, 0].slice(0, 8)} ${i % 2}`);
    assert.deepEqual(found.sort(), wanted.sort());
  });

  it('come from the paragraphs of one file, and as bytes', async () => {
    await prep('one.txt', 'bytes', { tokenizer: 'bytes', length: 16, set: ['documents=paragraph'], dedup: 'none' });
    const { train, test } = await open('bytes').catch((error: ShoalError) => {
      assert.fail(error.message);
    });
    assert.equal(train.length + test.length, 60);
    const text = Buffer.from(new Uint8Array(await firstRow(train))).toString();
    assert.match(text, /^(the|cat|sat|on|a|mat) /);
  });
  const firstRow = async (reader: Reader): Promise<Int32Array> => {
    const image = new Int32Array(fieldBytes(reader.fields['image']!) / 4);
    reader.read(0, { image: new Uint8Array(image.buffer) });
    return image;
  };

  it('need a tokenizer that is there, and a length', async () => {
    const code = (wanted: string) => (error: ShoalError) => error.code === wanted;
    await assert.rejects(
      prep('texts', 'no', { ...pack, reader: 'text', tokenizer: at('gone') }),
      code('SHOAL_DATA_MISSING'),
    );
    await assert.rejects(prep('lines.jsonl', 'no', { ...pack, tokenizer: 'bytes' }), code('SHOAL_USAGE'));
    assert.throws(() => prepareJob(at('texts'), { ...flags, reader: 'text', tokenizer }), code('SHOAL_USAGE'));
    assert.throws(() => prepareJob(at('texts'), { ...flags, reader: 'text', pack: true }), code('SHOAL_USAGE'));
  });

  it('train: the next word of packed sentences is learnt to above 0.7', async () => {
    const layers = [
      { class_name: 'InputLayer', config: { batch_shape: [null, 8], dtype: 'int32' } },
      { class_name: 'Embedding', config: { input_dim: 10, output_dim: 8 } },
      { class_name: 'Dense', config: { units: 10, activation: 'softmax' } },
    ];
    const json = {
      name: 'next',
      model: { class_name: 'Sequential', config: { layers } },
      data: { reader: 'webdataset', path: at('packed') },
      loss: 'sparse_categorical_crossentropy',
      metrics: ['accuracy'],
      optimizer: { class_name: 'Adam', config: { learning_rate: 0.05 } },
      batch: 8,
      epochs: 20,
      seed: 1,
    };
    const { done } = await runSession({ job: parseJob(json, 'the test'), threads: 1 });
    assert.ok((done.metrics['accuracy'] as number) > 0.7, JSON.stringify(done.metrics));
  });
});
