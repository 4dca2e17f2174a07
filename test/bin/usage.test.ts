// usage.test.ts: what the command line refuses: each with exit code 2, a code, what was got and expected, a hint, and no stack.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { executorNames } from '../../trainer/tfjs-executor.ts';
import { tinyJob, writeTinyData } from '../support/tiny.ts';
import { newFolder, type Outcome, shoal } from './support/shoal.ts';

type Job = ReturnType<typeof tinyJob>;

interface Case {
  readonly what: string;
  /** Beside `train JOB`. */
  readonly args?: readonly string[];
  readonly instead?: readonly string[];
  readonly change?: (job: Job) => object;
  readonly code: string;
  readonly says: RegExp;
}

const layers = (job: Job, edit: (layers: object[]) => object[]) => ({
  ...job,
  model: { ...job.model, config: { ...job.model.config, layers: edit([...job.model.config.layers]) } },
});

const cases: readonly Case[] = [
  {
    what: 'a codec among those to measure that is none',
    instead: ['scale', 'job.json', '--codec', 'f32,f8'],
    code: 'SHOAL_JOB',
    says: /codec: "f8"\n.*one of "f32"\|"f16"/,
  },
  {
    what: 'an accuracy to train to that is none',
    instead: ['scale', 'job.json', '--target', '90'],
    code: 'SHOAL_USAGE',
    says: /--target 90\n.*at most 1/,
  },
  {
    what: 'options of a model that are no JSON',
    instead: ['import', 'weights.safetensors', '--model', '{bad'],
    code: 'SHOAL_USAGE',
    says: /--model \{bad[\s\S]*JSON/,
  },
  {
    what: 'a rate that no number can hold',
    args: ['--lr', '1e400'],
    code: 'SHOAL_JOB',
    says: /got +optimizer\.config\.learning_rate: Infinity/,
  },
  {
    what: 'a job without a model',
    change: ({ model: _, ...job }) => job,
    code: 'SHOAL_JOB',
    says: /got +model: nothing\n +expected a model in Keras' dialect/,
  },
  {
    what: 'an unknown key',
    change: (job) => ({ ...job, epoch: 3 }),
    code: 'SHOAL_JOB',
    says: /unknown key "epoch"[\s\S]*epochs/,
  },
  {
    what: 'an option that its reader does not have',
    args: ['--set', 'data.seed=3'],
    code: 'SHOAL_JOB',
    says: /unknown key "seed"[\s\S]*expected one of the known keys: reader, path, [\s\S]*classes/,
  },
  {
    what: 'a model that is none',
    args: ['--set', 'model=3'],
    code: 'SHOAL_MODEL',
    says: /see docs\/job\.md\.\n/,
  },
  {
    what: 'an unknown layer',
    change: (job) => layers(job, (list) => [...list.slice(0, -1), { class_name: 'Nowhere', config: {} }]),
    code: 'SHOAL_UNKNOWN_LAYER',
    says: /"Nowhere"[\s\S]*\bConv2D,[\s\S]*\bDense,/,
  },
  {
    what: 'shapes that do not chain',
    change: (job) =>
      layers(job, (list) => [...list.slice(0, 4), { class_name: 'Conv2D', config: { filters: 2, kernel_size: 3 } }]),
    code: 'SHOAL_SHAPE',
    says: /got[\s\S]*expected/,
  },
  {
    what: 'an output that is no list of classes',
    change: (job) => layers(job, (list) => list.toSpliced(3, 1)),
    code: 'SHOAL_LOSS',
    says: /\(3, 3, 4\)[\s\S]*Flatten/,
  },
  {
    what: 'images of another shape than the model takes',
    change: (job) =>
      layers(job, ([, ...rest]) => [{ class_name: 'InputLayer', config: { batch_shape: [null, 9, 9, 1] } }, ...rest]),
    code: 'SHOAL_SHAPE',
    says: /\(8, 8, 1\)[\s\S]*\(9, 9, 1\)/,
  },
  {
    what: 'labels out of range',
    change: (job) => ({ ...job, data: { ...job.data, classes: 3 } }),
    code: 'SHOAL_DATA_LABEL',
    says: /label 3 at sample \d+[\s\S]*0 to 2/,
  },
  {
    what: 'more classes than outputs',
    change: (job) => ({ ...job, data: { ...job.data, classes: 7 } }),
    code: 'SHOAL_DATA_LABEL',
    says: /0 to 6[\s\S]*0 to 3/,
  },
  {
    what: 'an empty dataset',
    change: (job) => ({ ...job, data: { ...job.data, path: 'empty' } }),
    code: 'SHOAL_DATA_EMPTY',
    says: /at least one sample/,
  },
  {
    what: 'data that are not there',
    change: (job) => ({ ...job, data: { ...job.data, path: 'no' } }),
    code: 'SHOAL_DATA_MISSING',
    says: /no such directory/,
  },
  {
    what: 'an unknown reader',
    change: (job) => ({ ...job, data: { reader: 'mnist' } }),
    code: 'SHOAL_JOB',
    says: /"mnist"[\s\S]*expected one of the known readers: digits, cifar,[\s\S]* webdataset\n/,
  },
  {
    what: 'a job of more than 4 GiB',
    args: ['--batch', '30000000', '--set', 'microShards=1'],
    code: 'SHOAL_MEMORY_TOO_LARGE',
    says: /MiB[\s\S]*4,096 MiB/,
  },
  {
    what: 'a learning rate that is no number',
    args: ['--lr', 'fast'],
    code: 'SHOAL_JOB',
    says: /learning_rate: "fast"/,
  },
  { what: 'a setting without a value', args: ['--set', 'epochs'], code: 'SHOAL_JOB', says: /key=value/ },
];

function checkRefusal({ code, stdout, stderr }: Outcome, expected: string, says: RegExp): void {
  assert.equal(code, 2, stderr);
  assert.equal(stdout, '');
  assert.ok(stderr.startsWith(`error ${expected}: `), stderr);
  assert.match(stderr, says);
  for (const part of [/^ {2}got {6}/m, /^ {2}expected /m, /^ {2}hint {5}/m]) assert.match(stderr, part);
  assert.ok(!stderr.includes('    at '), 'no stack');
}

describe('shoal refuses', () => {
  const folder = newFolder();
  const outcomes = new Map<string, Outcome>();

  before('call it for every case, four at a time', async () => {
    writeTinyData(join(folder, 'empty'), 0, 0);
    const left = [...cases];
    const next = async (): Promise<void> => {
      for (let one = left.shift(); one; one = left.shift()) {
        const job = `${one.what.replaceAll(/\W/g, '-')}.json`;
        const own = tinyJob('data');
        writeFileSync(join(folder, job), JSON.stringify(one.change ? one.change(own) : own));
        outcomes.set(one.what, await shoal(folder, one.instead ?? ['train', job, ...(one.args ?? [])]));
      }
    };
    await Promise.all([next(), next(), next(), next()]);
  });

  for (const { what, code, says } of cases) {
    it(`${what}: ${code}`, () => checkRefusal(outcomes.get(what)!, code, says));
  }

  it('without leaving a folder behind', () => {
    assert.ok(!existsSync(join(folder, 'runs')));
  });

  it('a job that is not there, and one that is not JSON: SHOAL_JOB', async () => {
    writeFileSync(join(folder, 'broken.json'), '{"model": ');
    const summary = (file: string) => shoal(folder, ['summary', file]);
    const [missing, broken] = await Promise.all([summary('nope.json'), summary('broken.json')]);
    checkRefusal(missing, 'SHOAL_JOB', /no such file/);
    checkRefusal(broken, 'SHOAL_JOB', /JSON/);
  });

  it('no job at all: SHOAL_USAGE', async () => {
    checkRefusal(await shoal(folder, ['train']), 'SHOAL_USAGE', /no job/);
  });

  it('a run that is none: SHOAL_RUN_MISSING', async () => {
    const commands = [
      ['train', '--resume', 'data'],
      ['eval', 'data'],
      ['predict', 'data', 'x.npy'],
    ];
    for (const outcome of await Promise.all(commands.map((args) => shoal(folder, args))))
      checkRefusal(outcome, 'SHOAL_RUN_MISSING', /job\.json/);
  });

  it('an address that is none, at once: SHOAL_USAGE, without a secret that stands in it', async () => {
    const env = { SHOAL_TOKEN: 'a-token-of-nothing' };
    const calls = [
      ['worker', '--connect', 'nonsense'],
      ['worker', '--connect', 'http://127.0.0.1:1'],
      ['server', '--connect', 'ws://user:sesame@127.0.0.1:1'],
      ['server', '--connect', 'ws://127.0.0.1:1', '--advertise', '127.0.0.1:1'],
    ];
    for (const outcome of await Promise.all(calls.map((args) => shoal(folder, args, { env })))) {
      checkRefusal(outcome, 'SHOAL_USAGE', /ws:\/\/host:port/);
      assert.doesNotMatch(outcome.stderr, /sesame/);
    }
  });

  it('unknown commands and options with exit code 2 and the nearest known one', async () => {
    const [option, command, value, range] = await Promise.all([
      shoal(folder, ['train', 'job.json', '--epoch', '3']),
      shoal(folder, ['trian', 'job.json']),
      shoal(folder, ['train', 'job.json', '--threads', 'two']),
      shoal(folder, ['train', 'job.json', '--workers', '3:2']),
    ]);
    assert.equal(option.code, 2);
    assert.match(option.stderr, /unknown option '--epoch'[\s\S]*--epochs/);
    assert.equal(command.code, 2);
    assert.match(command.stderr, /unknown command 'trian'[\s\S]*train/);
    assert.equal(value.code, 2);
    checkRefusal(range, 'SHOAL_USAGE', /--workers 2:8/);
  });

  it('nothing where it is asked for help or its version: exit code 0', async () => {
    const help = await shoal(folder, ['train', '--help']);
    assert.equal(help.code, 0);
    const flags = '--threads --epochs --batch --lr --seed --set --resume --json --dry-run --out'.split(' ');
    for (const flag of [...flags, ...executorNames]) assert.ok(help.stdout.includes(flag), flag);
    assert.match((await shoal(folder, ['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  });

  it('to show a stack, but with --verbose', async () => {
    const { stderr, code } = await shoal(folder, ['summary', 'nope.json', '--verbose']);
    assert.equal(code, 2);
    assert.match(stderr, /^ {4}at /m);
  });
});
