// fetch-changed.test.ts: downloads that were broken off, of files that may have changed since: no file is ever made of two.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { download } from '../../datasets/fetch/download.ts';
import { temporaryFolder } from '../support/temporary.ts';

const old = Buffer.alloc(200_000, 'old');
const young = Buffer.alloc(200_000, 'new'); // as long
const longer = Buffer.alloc(230_000, 'long');
const PAST = 'Tue, 03 Jun 2025 10:00:00 GMT';
const LATER = 'Wed, 04 Jun 2025 10:00:00 GMT';

/** What is served, and how. */
let file: { bytes: Buffer; headers: Record<string, string> };
/** all: ranges and If-Range. deaf: it passes over If-Range, and leaves the date out of a range. none: no ranges. */
let knows: 'all' | 'deaf' | 'none';
let holds: boolean;
const asked: IncomingHttpHeaders[] = [];

const server = createServer(({ headers: from }, response) => {
  asked.push(from);
  const { bytes, headers } = file;
  const start = /^bytes=(\d+)-$/.exec(from.range ?? '')?.[1];
  const isSame = !from['if-range'] || [headers['etag'], headers['last-modified']].includes(from['if-range'] as string);
  if (start === undefined || knows === 'none' || (knows === 'all' && !isSame)) {
    response.writeHead(200, { ...headers, 'content-length': bytes.length });
    if (holds) response.write(bytes.subarray(0, bytes.length >> 1));
    else response.end(bytes);
  } else if (Number(start) >= bytes.length) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
  } else {
    const { 'last-modified': date, ...others } = headers;
    const about = knows === 'deaf' ? others : { ...others, ...(date && { 'last-modified': date }) };
    const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
    response.writeHead(206, { ...about, 'content-range': range }).end(bytes.subarray(Number(start)));
  }
});

describe('a download that was broken off', () => {
  const home = temporaryFolder('fetch-changed');
  let url: string;
  let to: string;
  let count = 0;
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
  });
  beforeEach(() => {
    to = join(home, `got-${count++}`);
    knows = 'all';
    holds = false;
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const get = (more: object = {}) => download({ url, to, sha256: null, signal: new AbortController().signal, ...more });

  /** Half of the old file is brought, then nothing more. */
  async function half(headers: Record<string, string>): Promise<void> {
    file = { bytes: old, headers };
    holds = true;
    const stop = new AbortController();
    const onProgress = (bytes: number) => {
      if (bytes >= old.length >> 1) stop.abort(new Error('enough'));
    };
    await assert.rejects(get({ signal: stop.signal, onProgress }), /enough/);
    assert.equal(statSync(`${to}.partial`).size, old.length >> 1);
    holds = false;
    asked.length = 0;
  }
  /** Goes on, while the server has these bytes; @returns the requests' ranges. */
  async function goesOn(bytes: Buffer, headers: Record<string, string>, more: object = {}) {
    file = { bytes, headers };
    const { sha256 } = await get(more);
    assert.ok(readFileSync(to).equals(bytes), 'every byte is of one file');
    assert.equal(sha256, createHash('sha256').update(bytes).digest('hex'));
    assert.ok(!existsSync(`${to}.partial`) && !existsSync(`${to}.partial.json`));
    return asked.map(({ range }) => range);
  }

  for (const headers of [{ etag: '"1"' }, { 'last-modified': PAST }, { etag: 'W/"1"', 'last-modified': PAST }]) {
    const later = 'last-modified' in headers ? { 'last-modified': LATER } : { etag: '"2"' };
    it(`goes on where the server still has ${JSON.stringify(headers)}, and begins anew where it has not`, async () => {
      await half(headers);
      assert.deepEqual(await goesOn(old, headers), ['bytes=100000-']);
      assert.equal(asked[0]!['if-range'], headers.etag === '"1"' ? '"1"' : PAST);
      to = `${to}-again`;
      await half(headers);
      assert.deepEqual(await goesOn(young, later), ['bytes=100000-']);
    });
  }

  it('begins anew where a server passes over If-Range: by the ETag, or by the length, of its answer', async () => {
    knows = 'deaf';
    await half({ etag: '"1"' });
    assert.deepEqual(await goesOn(young, { etag: '"2"' }), ['bytes=100000-', undefined]);
    to = `${to}-unnamed`;
    await half({ etag: '"1"' });
    assert.deepEqual(await goesOn(young, {}), ['bytes=100000-', undefined]);
    to = `${to}-dated`;
    await half({ 'last-modified': PAST });
    assert.deepEqual(await goesOn(longer, { 'last-modified': LATER }), ['bytes=100000-', undefined]);
    to = `${to}-shorter`;
    await half({ 'last-modified': PAST });
    assert.deepEqual(await goesOn(old.subarray(5, 50_000), { 'last-modified': LATER }), ['bytes=100000-', undefined]);
  });

  it('begins anew where nothing tells the versions apart, but goes on by a hash', async () => {
    for (const [i, headers] of [{}, { etag: 'W/"1"' }, { 'last-modified': PAST, date: PAST }].entries()) {
      to = join(home, `unknown-${i}`);
      await half(headers as Record<string, string>);
      assert.deepEqual(await goesOn(young, headers as Record<string, string>), [undefined]);
    }
    to = join(home, 'hashed');
    await half({});
    const sha256 = createHash('sha256').update(old).digest('hex');
    assert.deepEqual(await goesOn(old, {}, { sha256 }), ['bytes=100000-']);
  });

  it('begins anew for another address, a note that is damaged, and a part of which nothing is known', async () => {
    const headers = { etag: '"1"' };
    await half(headers);
    assert.deepEqual(await goesOn(young, headers, { url: url.replace('file', 'other') }), [undefined]);
    to = `${to}-note`;
    await half(headers);
    writeFileSync(`${to}.partial.json`, '{"url');
    assert.deepEqual(await goesOn(young, headers), [undefined]);
    to = `${to}-old`;
    asked.length = 0;
    writeFileSync(`${to}.partial`, old.subarray(0, 1000));
    assert.deepEqual(await goesOn(young, headers), [undefined]);
  });

  it('begins anew where all bytes were there, but for the name, and from a server that knows no ranges', async () => {
    const headers = { etag: '"1"' };
    await half(headers);
    writeFileSync(`${to}.partial`, old);
    assert.deepEqual(await goesOn(old, headers), ['bytes=200000-', undefined]);
    to = `${to}-plain`;
    knows = 'none';
    await half(headers);
    assert.deepEqual(await goesOn(old, headers), ['bytes=100000-']);
  });
});
