// job.test.ts: docs/job.md and docs/cli.md against the code: every key, layer, loss, optimizer, metric and reader is named, and every flag.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ShoalError } from '../../base/errors.ts';
import { augmentations } from '../../datasets/augment/index.ts';
import { readerNames } from '../../datasets/readers/index.ts';
import { callbacks } from '../../trainer/callbacks/index.ts';
import { parseJob } from '../../trainer/job.ts';
import { metrics } from '../../trainer/metrics/index.ts';
import { optimizers } from '../../trainer/optimizers/index.ts';
import { schedules } from '../../trainer/schedules/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const doc = (name: string) => readFileSync(`${root}/docs/${name}`, 'utf8');

/** What an error says there is, of a job with something unknown in it. */
function knownBy(change: object): string[] {
  const job = JSON.parse(readFileSync(`${root}/examples/digits.json`, 'utf8'));
  try {
    parseJob({ ...job, ...change }, 'x');
  } catch (error) {
    assert.ok(error instanceof ShoalError);
    return error.expected.replace(/^one of (the known \w+: )?/, '').split(', ');
  }
  throw new Error('the job was taken');
}

const unknownLayer = {
  model: {
    class_name: 'Sequential',
    config: [
      { class_name: 'InputLayer', config: { batch_shape: [null, 2] } },
      { class_name: 'X', config: {} },
    ],
  },
};
const snake = (name: string) => name.replaceAll(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_').toLowerCase();

describe('docs/job.md', () => {
  const names: readonly [string, readonly string[]][] = [
    ['key', knownBy({ nothing: 1 }).map((key) => (key === 'checkpoint' ? 'checkpoint.keep' : key))],
    ['layer', knownBy(unknownLayer)],
    ['loss', knownBy({ loss: 'x' }).map(snake)],
    ['optimizer', Object.keys(optimizers)],
    ['schedule', Object.keys(schedules)],
    ['callback', Object.keys(callbacks)],
    ['metric', Object.keys(metrics).filter((name) => name !== 'top_k')],
  ];
  for (const [what, list] of names) {
    it(`names every ${what}`, () => {
      assert.ok(list.length >= 2);
      for (const name of list) assert.ok(doc('job.md').includes(`\`${name}\``), name);
    });
  }
});

describe('docs/augment.md', () => {
  it('names every transform of training samples', () => {
    for (const name of Object.keys(augmentations)) assert.ok(doc('augment.md').includes(`| \`${name}\``), name);
  });
});

describe('docs/data.md', () => {
  it('describes every reader', () => {
    for (const name of readerNames) assert.match(doc('data.md'), new RegExp(`^## ${name}$`, 'm'));
  });
});

describe('docs/cli.md', () => {
  it('names every command and every flag of train', () => {
    const help = (...args: string[]) =>
      spawnSync(process.execPath, [`${root}/bin/shoal.ts`, ...args, '--help'], { encoding: 'utf8' }).stdout;
    const commands = [...help().matchAll(/^ {2}(\w+) \[options\]/gm)].map(([, name]) => name!);
    assert.ok(commands.length >= 5);
    for (const name of commands) assert.match(doc('cli.md'), new RegExp(`^## ${name}$`, 'm'));
    const flags = [...help('train').matchAll(/^ {2}(--\w[\w-]*)/gm)].map(([, flag]) => flag!);
    assert.ok(flags.length >= 9);
    for (const flag of flags) assert.ok(doc('cli.md').includes(`\`${flag}`), flag);
  });
});
