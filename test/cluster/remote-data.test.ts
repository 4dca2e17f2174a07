// remote-data.test.ts: a dataset fetched over HTTP, beside the one it came from.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataRoute, datasetHash, fetchDataset } from '../../cluster/remote-data.ts';
import { newToken } from '../../cluster/token.ts';
import { createListener, type Listener, type RouteHandler } from '../../cluster/transport.ts';
import { createFeeder } from '../../datasets/feeder.ts';
import { fieldBytes, type Reader } from '../../datasets/reader.ts';
import { datasetSchema, openDataset } from '../../datasets/readers/index.ts';
import { writeImages } from '../datasets/support/images.ts';
import { smallDataset } from '../support/small-jobs.ts';
import { temporaryFolder } from '../support/temporary.ts';

const token = newToken();
const dataset = smallDataset(300, 7);

const listen = (route: RouteHandler): Promise<Listener> =>
  createListener({
    host: '127.0.0.1',
    port: 0,
    token,
    routes: new Map([['/data', route]]),
    onPeer() {
      throw new Error('nobody connects');
    },
  });

function bytesOf(reader: Reader, index: number): string {
  const into = Object.fromEntries(
    Object.entries(reader.fields).map(([name, field]) => [name, new Uint8Array(fieldBytes(field))]),
  );
  reader.read(index, into);
  return JSON.stringify(Object.entries(into).map(([name, bytes]) => [name, ...bytes]));
}

describe('data over HTTP', () => {
  let listener: Listener | null = null;
  afterEach(async () => {
    await listener?.close();
    listener = null;
  });

  it('are the same samples with the same hash', async () => {
    listener = await listen(dataRoute(dataset));
    const fetched = await fetchDataset({ url: listener.url, token });
    assert.equal(datasetHash(fetched), datasetHash(dataset));
    for (const part of ['train', 'test'] as const) {
      assert.equal(fetched[part].length, dataset[part].length);
      for (let i = 0; i < dataset[part].length; i++) assert.equal(bytesOf(fetched[part], i), bytesOf(dataset[part], i));
    }
  });

  it('come through connections that break', async () => {
    const route = dataRoute(dataset);
    let turn = 0;
    listener = await listen((request, response) => {
      if (turn++ % 2 === 0) response.destroy();
      else return route(request, response);
    });
    const fetched = await fetchDataset({ url: listener.url, token });
    assert.equal(datasetHash(fetched), datasetHash(dataset));
  });

  it('are kept in a cache, and refused when the cache was changed', async () => {
    const cache = temporaryFolder('cache');
    try {
      let served = 0;
      const route = dataRoute(dataset);
      listener = await listen((request, response) => {
        if (request.headers.range) served++;
        return route(request, response);
      });
      const remote = { url: listener.url, token, cache };
      await fetchDataset(remote);
      assert.equal(served, 4);
      assert.equal(readdirSync(cache).length, 4);
      await fetchDataset(remote);
      assert.equal(served, 4);
      writeFileSync(join(cache, `${dataset.test.hash}-label`), new Uint8Array(4 * 7));
      await assert.rejects(fetchDataset(remote), { code: 'SHOAL_DATA_HASH' });
    } finally {
      rmSync(cache, { recursive: true });
    }
  });

  it('are refused when other bytes come than were promised, and without the token', async () => {
    const route = dataRoute({ train: { ...dataset.train, hash: '0'.repeat(64) }, test: dataset.test });
    listener = await listen(route);
    await assert.rejects(fetchDataset({ url: listener.url, token }), { code: 'SHOAL_DATA_HASH' });
    await assert.rejects(fetchDataset({ url: listener.url, token: newToken() }), { code: 'SHOAL_DATA_FETCH' });
  });

  it('answer no path but their own, and no range beyond 4 MiB or the end', async () => {
    listener = await listen(dataRoute(dataset));
    const origin = listener.url.replace('ws:', 'http:');
    const get = async (path: string, range?: string) => {
      const headers = { authorization: `Bearer ${token}`, ...(range && { range }) };
      return (await fetch(`${origin}${path}`, { headers })).status;
    };
    assert.equal(await get('/data/train/image', 'bytes=10-99'), 206);
    assert.equal(await get('/data/train/image', 'bytes=64-10'), 416);
    assert.equal(await get('/data/train/image', 'bytes=19200-19300'), 416);
    assert.equal(await get('/data/train/image', 'bytes=0-99999999'), 206); // as far as there is
    assert.equal(await get('/data/train/image'), 416);
    assert.equal(await get('/data/train/toString', 'bytes=0-1'), 404);
    assert.equal(await get('/data/secret/image', 'bytes=0-1'), 404);
  });

  it('are decoded by the coordinator where it decodes images when they are drawn, by the decoder that it names', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-remote-drawn-'));
    await writeImages(folder, 4);
    const config = { reader: 'folder', path: folder, size: [8, 8], decode: 'drawn' };
    const drawn = await openDataset(datasetSchema.parse(config));
    listener = await listen(dataRoute(drawn));
    const { train, test } = await fetchDataset({ url: listener.url, token });
    assert.equal(datasetHash({ train, test }), datasetHash(drawn));
    assert.match(train.decoder!, /^sharp /);
    assert.equal(train.decoder, drawn.train.decoder);
    const memory = new SharedArrayBuffer(1024);
    const layout = { fields: { image: { at: 0, rowBytes: 192 } }, leafBytes: 512 };
    const feeder = createFeeder({ reader: train, transforms: [], memory, layout, threads: 1 });
    await feeder.fill([{ address: 0, indices: Uint32Array.of(5, 2), leaves: [2] }]);
    await feeder.close();
    for (const [row, index] of [5, 2].entries()) {
      const image = new Uint8Array(192);
      drawn.train.read(index, { image });
      assert.deepEqual(new Uint8Array(memory).slice(192 * row, 192 * (row + 1)), image);
    }
    for (const reader of [train, test, drawn.train, drawn.test]) reader.close();
    rmSync(folder, { recursive: true });
  });

  describe('of large fields', () => {
    const large = smallDataset(9000, 7); // 64 bytes an image: 4,096 a block
    const [first, last] = ['/data/train/image bytes=0-262143', '/data/train/image bytes=524288-575999'];
    let ranges: string[] = [];
    let damage = 0;
    let cache = '';
    beforeEach(async () => {
      cache = temporaryFolder('cache');
      [ranges, damage] = [[], 0];
      const route = dataRoute(large);
      listener = await listen((request, response) => {
        if (request.headers.range) ranges.push(`${request.url} ${request.headers.range}`);
        if (damage-- > 0) {
          const end = response.end.bind(response) as (body: Uint8Array) => typeof response;
          response.end = ((body: Uint8Array) => end(body.map((byte, i) => (i === 5 ? byte ^ 1 : byte)))) as never;
        }
        return route(request, response);
      });
    });
    const fetched = async (more: object = {}) => {
      const { train } = await fetchDataset({ url: listener!.url, token, whole: 50_000, ...more });
      ranges.length = 0;
      return train;
    };

    /** Reads images as a run does: in a thread of its own, which waits; and compares them. */
    async function reads(reader: Reader, indices: readonly number[], from = large.train): Promise<void> {
      const memory = new SharedArrayBuffer(4096);
      const fields = { image: { at: 0, rowBytes: 64 }, label: { at: 1024, rowBytes: 4 } };
      const feeder = createFeeder({ reader, transforms: [], memory, layout: { fields, leafBytes: 2048 }, threads: 1 });
      try {
        await feeder.fill([{ address: 0, indices: Uint32Array.from(indices), leaves: [indices.length] }]);
      } finally {
        await feeder.close();
      }
      for (const [row, index] of indices.entries()) {
        const expected = new Uint8Array(64);
        from.read(index, { image: expected });
        assert.deepEqual(new Uint8Array(memory, 64 * row, 64).slice(), expected);
      }
    }

    it('come block by block when a row is first read, while the thread that reads waits', async () => {
      const train = await fetched();
      assert.equal(train.hash, large.train.hash);
      await reads(train, [0, 8999, 4095, 8192]);
      assert.deepEqual(ranges, [first, last]);
    });

    it('come ahead of their samples, 4 at a time: each answer waits until so many are asked for', async () => {
      const many = smallDataset(12 * 4096, 7);
      const route = dataRoute(many);
      let left = 12;
      let most = 0;
      const waiting: (() => void)[] = [];
      await listener!.close();
      listener = await listen(async (request, response) => {
        if (request.url !== '/data/train/image') return route(request, response);
        await new Promise<void>((resolve) => {
          most = Math.max(most, waiting.push(resolve));
          if (waiting.length < Math.min(4, left)) return;
          left -= waiting.length;
          for (const go of waiting.splice(0)) go();
        });
        return route(request, response);
      });
      const train = await fetched();
      await reads(
        train,
        Array.from({ length: 12 }, (_, i) => 4096 * ((5 * i) % 12) + i),
        many.train,
      );
      assert.deepEqual([left, most, waiting], [0, 4, []]);
    });

    it('are fetched again beyond the room for them in memory', async () => {
      const train = await fetched();
      const { module, description } = train.share();
      const share = () => ({ module, description: { ...(description as object), room: 300_000 } });
      await reads({ ...train, share }, [0, 4096, 1, 4097, 0]);
      assert.equal(ranges.length, 5); // of two blocks, there is room for one
    });

    it('are kept in a cache, and fetched again where a block of it was changed', async () => {
      await reads(await fetched({ cache }), [0, 8999]);
      const again = await fetched({ cache });
      await reads(again, [5, 8998]);
      assert.deepEqual(ranges, []);
      const file = join(cache, `${large.train.hash}-image.blocks`, '2');
      writeFileSync(file, readFileSync(file).fill(7, 40, 50));
      await reads(again, [5, 8998]);
      assert.deepEqual(ranges, [last]);
    });

    it('are fetched again when bytes of another hash come than was promised; and in the end refused', async () => {
      const train = await fetched();
      damage = 1;
      await reads(train, [0]);
      assert.deepEqual(ranges, [first, first]);
      damage = 100;
      await assert.rejects(reads(train, [0]), /another hash/);
    });
  });
});
