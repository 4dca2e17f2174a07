// shard-order.test.ts: what a shard holds does not depend on when the contents of its samples are there.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareSchema } from '../../datasets/prepare/job.ts';
import { writeShard } from '../../datasets/prepare/shard.ts';
import type { Content, Entry } from '../../datasets/source.ts';
import { temporaryFolder } from '../support/temporary.ts';

const home = temporaryFolder('order');

const entries = Array.from({ length: 9 }, (_, i): Entry => ({ key: `sample ${i}`, label: null, part: null }));
const source = { reader: 'folder', path: 'none' };

/** Contents that are there at once, or so that each second one waits until the next was asked for, and longer. */
function loaderOf(contents: (i: number) => Content, late: boolean) {
  const asked = entries.map(() => {
    let now = () => {};
    const promise = new Promise<void>((resolve) => {
      now = resolve;
    });
    return { promise, now };
  });
  return {
    async load({ key }: Entry): Promise<Content> {
      const i = entries.findIndex((entry) => entry.key === key);
      asked[i]!.now();
      if (late && i % 2 === 0 && i + 1 < entries.length) {
        await asked[i + 1]!.promise;
        for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
      }
      return contents(i);
    },
    async close() {},
  };
}

async function shardOf(name: string, job: object, contents: (i: number) => Content, late: boolean) {
  const out = join(home, name);
  mkdirSync(out);
  const task = { name: 'train-000000', part: 'train', entries } as const;
  const about = { classes: null };
  const made = await writeShard(out, task, loaderOf(contents, late), prepareSchema.parse({ source, ...job }), about);
  assert.equal(
    createHash('sha256')
      .update(readFileSync(join(out, made.file)))
      .digest('hex'),
    made.sha256,
  );
  return made;
}

describe('a shard', () => {
  it('of arrays is the same bytes, in the order of its entries, though contents come out of turn', async () => {
    const array = (i: number): Content => ({ kind: 'array', shape: [2], data: Float32Array.of(i, 1) });
    const expected = await shardOf('arrays', {}, array, false);
    assert.deepEqual(
      expected.keys,
      entries.map(({ key }) => key),
    );
    assert.deepEqual(await shardOf('arrays-late', {}, array, true), expected);
  });

  it('of texts packed into rows of ids is the same bytes, though texts come out of turn', async () => {
    const text = (i: number): Content => ({ kind: 'text', text: `text ${i} of nine, ${'x'.repeat(i)}` });
    const job = { tokens: { tokenizer: 'bytes', length: 16, pack: true } };
    const expected = await shardOf('texts', job, text, false);
    assert.ok(expected.samples > 5);
    assert.deepEqual(await shardOf('texts-late', job, text, true), expected);
  });
});
