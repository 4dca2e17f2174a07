// generate.test.ts: `shoal train` on a text and `shoal generate` as processes: a text that repeats is continued.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/temporary.ts';
import { linesOf, shoal } from './support/shoal.ts';

describe('shoal generate', () => {
  const folder = temporaryFolder('generate');
  const phrase = 'the same bytes, however many workers. ';
  before(async () => {
    writeFileSync(join(folder, 'text.txt'), phrase.repeat(60));
    const job = {
      model: { builder: 'gpt_nano', width: 32, depth: 1, heads: 2, inner: 64, length: 16, dropout: 0 },
      data: { reader: 'text', path: 'text.txt', length: 16, stride: 3 },
      loss: 'sparse_categorical_crossentropy',
      optimizer: { class_name: 'Adam', config: { learning_rate: 0.01 } },
      epochs: 6,
    };
    writeFileSync(join(folder, 'job.json'), JSON.stringify(job));
    const { code, stderr } = await shoal(folder, ['train', 'job.json']);
    assert.equal(code, 0, stderr);
  });

  it('goes on with what it has learnt, the same text for the same seed', async () => {
    const args = ['generate', 'runs/job', '--prompt', 'the same bytes, ', '--length', '60', '--temperature', '0'];
    const { code, stdout, stderr } = await shoal(folder, args);
    assert.equal(code, 0, stderr);
    assert.equal(stdout.trimEnd(), phrase.repeat(3).slice(0, 76).trimEnd());
    const [line] = linesOf((await shoal(folder, [...args, '--json'])).stdout);
    assert.equal(line!['text'], phrase.repeat(3).slice(0, 76));
    assert.equal((line!['ids'] as number[]).length, 60);
  });

  it('refuses a run that learnt hidden words, and not the next ids: SHOAL_SHAPE', async () => {
    const job = {
      model: { builder: 'bert_small', vocabulary: 257, width: 32, depth: 1, heads: 2, inner: 64, length: 16 },
      data: { reader: 'text', path: 'text.txt', length: 16, task: 'masked' },
      loss: 'sparse_categorical_crossentropy',
      optimizer: 'adam',
      epochs: 1,
    };
    writeFileSync(join(folder, 'masked.json'), JSON.stringify(job));
    const trained = await shoal(folder, ['train', 'masked.json']);
    assert.equal(trained.code, 0, trained.stderr);
    const { code, stderr } = await shoal(folder, ['generate', 'runs/masked']);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /^error SHOAL_SHAPE: generate text[\s\S]*task "masked"[\s\S]*the next ids/);
  });
});
