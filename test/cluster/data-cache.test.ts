// data-cache.test.ts: a folder of data that keeps within its bound: what goes, and what never does. What is kept in it: remote-data.test.ts.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { createDataCache } from '../../cluster/data-cache.ts';
import { temporaryFolder } from '../support/temporary.ts';

const HOUR = 3_600_000;

describe('a cache of data', () => {
  let folder = '';
  let now = 0;
  beforeEach(() => {
    folder = temporaryFolder('cache');
    now = Date.now();
  });
  const open = (own: readonly string[], bytes = 100) => createDataCache({ folder, bytes, own, now: () => now });
  const names = () => readdirSync(folder, { recursive: true }).filter((name) => !/blocks$/.test(String(name)));

  it('removes what was not used for longest, and only as much as it must', () => {
    const before = open(['old']);
    for (const name of ['old-a.blocks/1', 'old-a.blocks/2', 'old-b']) {
      now += 1000;
      before.write(name, new Uint8Array(30).fill(7));
      assert.ok(before.read(name)); // used now
    }
    now += 1000;
    assert.deepEqual(before.read('old-a.blocks/1'), Buffer.alloc(30, 7));
    now += 2 * HOUR;
    const cache = open(['new']);
    cache.write('new-a', new Uint8Array(20));
    assert.deepEqual(names().sort(), ['new-a', 'old-a.blocks/1', 'old-b']);
    assert.equal(cache.read('old-a.blocks/2'), null);
    assert.ok(cache.has('old-a.blocks/1'));
  });

  it('never removes what its own run reads, or what anybody used within the hour: then it keeps no more', () => {
    const other = open(['other']);
    other.write('other-a', new Uint8Array(40));
    other.read('other-a');
    now += HOUR / 2;
    const cache = open(['mine', 'mine2']);
    cache.write('mine-a', new Uint8Array(40));
    cache.read('mine-a');
    cache.write('mine2-a', new Uint8Array(40));
    assert.deepEqual(names().sort(), ['mine-a', 'other-a']);
    now += 2 * HOUR;
    cache.write('mine2-a', new Uint8Array(40));
    assert.deepEqual(names().sort(), ['mine-a', 'mine2-a'], "the other's was not used any more");
    cache.write('mine2-b', new Uint8Array(40));
    assert.deepEqual(names().sort(), ['mine-a', 'mine2-a'], 'its own stay');
  });

  it('has no file that is not whole', () => {
    const cache = open(['mine']);
    assert.throws(() => cache.write('mine-a\0', new Uint8Array(10)));
    assert.deepEqual([names(), cache.read('mine-a')], [[], null]);
  });
});
