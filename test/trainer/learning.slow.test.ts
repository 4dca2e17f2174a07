// learning.slow.test.ts: models by name, made narrow, learn real data in seconds: digits, and the texts of a package. At full length, to stated
// figures: test/verify/fashion.ts and text.ts.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseJob } from '../../trainer/job.ts';
import { openJobData, runSession } from '../../trainer/session.ts';
import { temporaryFolder } from '../support/temporary.ts';

const common = { loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'], seed: 1 };
const adam = (learning_rate: number) => ({ class_name: 'AdamW', config: { learning_rate } });

async function heldOut(json: object, name: string): Promise<{ loss: number; accuracy: number }> {
  const job = parseJob({ ...common, ...json }, name);
  const { done } = await runSession({ job, dataset: await openJobData(job) });
  return done.metrics as { loss: number; accuracy: number };
}

describe('real digits', () => {
  const image = { input: [28, 28, 1], classes: 10 };
  const digits = { data: { reader: 'digits' }, epochs: 1, normalize: { mean: 0.13, std: 0.31 } };

  it('are learnt in one epoch by a ResNet-18 an eighth as wide, to at least 0.93 of those held out', async () => {
    const model = { builder: 'resnet18', stem: 'small', width: 1 / 8, ...image };
    const optimizer = { class_name: 'SGD', config: { learning_rate: 0.05, momentum: 0.9, nesterov: true } };
    const { accuracy } = await heldOut({ model, optimizer, ...digits, batch: 64 }, 'resnet18');
    assert.ok(accuracy >= 0.93, `${accuracy}`);
  });

  it('are learnt in two epochs by a narrow ViT-tiny, to at least 0.8 of those held out', async () => {
    const model = { builder: 'vit_tiny', patch: 7, width: 64, depth: 2, heads: 4, inner: 128, ...image };
    const { accuracy } = await heldOut({ model, optimizer: adam(0.002), ...digits, epochs: 2, batch: 32 }, 'vit-tiny');
    assert.ok(accuracy >= 0.8, `${accuracy}`);
  });
});

describe("the licences of TypeScript's parts", () => {
  const folder = temporaryFolder('learning');
  const texts = join(folder, 'texts');
  let entropy = 0;
  before(() => {
    const at = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
    const file = join(at, 'ThirdPartyNoticeText.txt');
    mkdirSync(texts);
    copyFileSync(file, join(texts, 'notices.txt'));
    const bytes = readFileSync(file);
    const counts = new Map<number, number>();
    for (const byte of bytes) counts.set(byte, (counts.get(byte) ?? 0) + 1);
    for (const count of counts.values()) entropy -= (count / bytes.length) * Math.log(count / bytes.length);
  });
  const narrow = { length: 32, width: 32, depth: 1, heads: 2, inner: 64, dropout: 0 };
  const data = (more: object) => ({ data: { reader: 'text', path: texts, length: 32, ...more }, batch: 16 });

  it('are learnt by a narrow gpt_nano: a loss 0.7 below that of who knows how often each byte comes', async () => {
    const model = { builder: 'gpt_nano', ...narrow };
    const { loss } = await heldOut({ model, optimizer: adam(0.01), ...data({}), epochs: 4 }, 'gpt-nano');
    assert.ok(loss < entropy - 0.7, `${loss} beside ${entropy}`);
  });

  it('are learnt by a narrow bert_small: hidden bytes at a loss 0.4 below that', async () => {
    const model = { builder: 'bert_small', vocabulary: 257, ...narrow, width: 64 };
    const masked = { ...data({ task: 'masked' }), epochs: 12 };
    const { loss } = await heldOut({ model, optimizer: adam(0.003), ...masked }, 'bert-small');
    assert.ok(loss < entropy - 0.4, `${loss} beside ${entropy}`);
  });
});
