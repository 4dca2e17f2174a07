// remote-data.test.ts: a dataset fetched over HTTP, beside the one it came from.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataRoute, datasetHash, fetchDataset } from '../../cluster/remote-data.ts';
import { newToken } from '../../cluster/token.ts';
import { createListener, type Listener, type RouteHandler } from '../../cluster/transport.ts';
import { fieldBytes, type Reader } from '../../datasets/reader.ts';
import { smallDataset } from '../support/small-jobs.ts';

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
    const cache = mkdtempSync(join(tmpdir(), 'shoal-cache-'));
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
});
