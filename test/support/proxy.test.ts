// proxy.test.ts: the proxy that other tests inject faults with does what it says.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net';
import { startProxy, type TcpProxy } from './proxy.ts';

/** Unlike once(): an error is no failure. */
const gone = (socket: Socket) => new Promise((resolve) => socket.on('close', resolve));

describe('the proxy of the tests', () => {
  let server: Server;
  let proxy: TcpProxy;
  let client: Socket;
  let remote: Socket;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await startProxy({ port: (server.address() as AddressInfo).port });
    client = dial(proxy.port, '127.0.0.1');
    [remote] = (await once(server, 'connection')) as [Socket];
    for (const socket of [client, remote]) socket.on('error', () => {});
  });
  afterEach(async () => {
    client.destroy();
    remote.destroy();
    await proxy.close();
    server.close();
    await once(server, 'close');
  });

  async function receive(socket: Socket, bytes: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= bytes) break;
    }
    return Buffer.concat(chunks);
  }

  it('passes bytes and ends both ways', async () => {
    const bytes = Buffer.from(Uint8Array.from({ length: 2 ** 20 }, (_, i) => i * 7));
    client.write(bytes);
    assert.deepEqual(await receive(remote, bytes.length), bytes);
    remote.end('bye');
    assert.equal(String(await receive(client, 3)), 'bye');
    assert.deepEqual(proxy.passed, { up: bytes.length, down: 3 });
  });

  it('delays by at least what it was told', async () => {
    proxy.up.delayMs = 40;
    const since = performance.now();
    client.write('late');
    assert.equal(String(await receive(remote, 4)), 'late');
    assert.ok(performance.now() - since >= 39);
  });

  it('throttles, and makes the sender wait', async () => {
    proxy.up.bytesPerSecond = 2 ** 20;
    const since = performance.now();
    client.write(Buffer.alloc(2 ** 18));
    await receive(remote, 2 ** 18);
    assert.ok(performance.now() - since >= 180, 'a quarter of a MiB at 1 MiB/s in less than 180 ms');
  });

  it('flips one bit of the byte it was told, once', async () => {
    proxy.up.flipAfter = 5;
    client.write('aaaa');
    assert.equal(String(await receive(remote, 4)), 'aaaa');
    client.write('aaaa');
    assert.equal(String(await receive(remote, 4)), 'a`aa');
    client.write('aaaaaaaa');
    assert.equal(String(await receive(remote, 8)), 'aaaaaaaa');
  });

  it('cuts after so many bytes, with a reset at both ends', async () => {
    proxy.down.cutAfter = 3;
    const closed = Promise.all([client, remote].map(gone));
    const received: Buffer[] = [];
    client.on('data', (chunk) => received.push(chunk as Buffer));
    remote.resume().write('abcdef');
    await closed;
    assert.ok('abc'.startsWith(String(Buffer.concat(received))));
    assert.equal(proxy.down.cutAfter, null);
  });

  it('swallows one direction while the other lives, and resets such links when it heals', async () => {
    proxy.up.swallow = true;
    client.write('lost');
    remote.write('found');
    assert.equal(String(await receive(client, 5)), 'found');
    const closed = Promise.all([client, remote].map(gone));
    client.resume();
    remote.resume();
    proxy.heal();
    await closed;
    assert.equal(remote.bytesRead, 0);
  });

  it('resets all links', async () => {
    const closed = Promise.all([client, remote].map(gone));
    client.resume();
    remote.resume();
    proxy.reset();
    await closed;
    assert.ok(client.errored);
  });
});
