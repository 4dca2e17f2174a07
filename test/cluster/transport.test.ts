// transport.test.ts: connections between two ends over loopback: what they carry, who is let in, how they end.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { ShoalError } from '../../base/errors.ts';
import { isLocal } from '../../cluster/listener.ts';
import { newToken } from '../../cluster/token.ts';
import { connect, createListener, type RouteHandler } from '../../cluster/transport.ts';
import { closeAll, enter, later, openHouse, Recorder, TOKEN, visit } from './support/ends.ts';
import { BULKS, MESSAGES, pushOf } from './support/examples.ts';

const coded = (code: string) => (error: unknown) =>
  (error instanceof ShoalError && error.code === code) || assert.fail(`${error} is not ${code}`);

function get(url: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const asked = request(url.replace(/^ws/, 'http'), { headers, method, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode!, body }));
    });
    asked.on('error', reject).end();
  });
}

describe('the transport', () => {
  afterEach(closeAll);

  it('carries every message and bulk both ways, in order, masked and not', async () => {
    const house = await openHouse();
    for (const unmasked of [true, false]) {
      const { connection, seen, guest } = await enter(house, { unmasked });
      assert.deepEqual(guest.first, MESSAGES.attach);
      for (const message of Object.values(MESSAGES)) {
        connection.send(message);
        guest.connection.send(message);
        assert.deepEqual(await guest.seen.messages.next(), message);
        assert.deepEqual(await seen.messages.next(), message);
      }
      for (const bulk of Object.values(BULKS)) {
        await Promise.all([connection.sendBulk(bulk), guest.connection.sendBulk(bulk)]);
        assert.deepEqual(await guest.seen.bulks.next(), bulk);
        assert.deepEqual(await seen.bulks.next(), bulk);
      }
      await connection.close();
      assert.equal(await guest.seen.closed, null);
      assert.equal(await seen.closed, null);
    }
  });

  it('carries slices of 4 MiB and leaves the memory they were sent from as it was', async () => {
    const house = await openHouse();
    for (const unmasked of [true, false]) {
      const { connection, guest } = await enter(house, { unmasked });
      const bulk = pushOf(2 ** 20, 1.25);
      await connection.sendBulk(bulk);
      assert.ok(bulk.values.every((value) => value === 1.25));
      assert.deepEqual(await guest.seen.bulks.next(), bulk);
    }
  });

  it('counts bytes, and times pings', async () => {
    const house = await openHouse({ limits: { pingMs: 10 } });
    const { connection, seen, guest } = await enter(house, { limits: { pingMs: 10 } });
    const before = guest.connection.bytesRead;
    await connection.sendBulk(pushOf(1000));
    await guest.seen.bulks.next();
    assert.ok(guest.connection.bytesRead - before >= 4056);
    assert.ok(connection.bytesWritten >= 4056);
    assert.equal(connection.bufferedBytes, 0);
    while (connection.roundTrip === null) {
      guest.connection.send(MESSAGES.ping);
      await seen.messages.next();
      await new Promise(setImmediate);
    }
    assert.ok(connection.roundTrip >= 0 && connection.roundTrip < 10_000);
  });

  it('lets nobody in without the token, nor onto another path, and says why', async () => {
    const house = await openHouse();
    await assert.rejects(visit(house.listener.url, { token: newToken() }), coded('SHOAL_WIRE_TOKEN'));
    assert.equal((await house.refused.next()).code, 'SHOAL_WIRE_TOKEN');
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    };
    assert.equal((await get(`${house.listener.url}/wire`, upgrade)).status, 401);
    assert.equal((await get(`${house.listener.url}/wire?token=${TOKEN}`, upgrade)).status, 401);
    const authorization = `Bearer ${TOKEN}`;
    assert.equal((await get(`${house.listener.url}/other`, { ...upgrade, authorization })).status, 404);
    assert.deepEqual(
      [await house.refused.next(), await house.refused.next(), await house.refused.next()].map((error) => error.code),
      ['SHOAL_WIRE_TOKEN', 'SHOAL_WIRE_TOKEN', 'SHOAL_WIRE_PATH'],
    );
    assert.equal(house.guests.length, 0);
  });

  it('shows the token in no error and no inspected object', async () => {
    const { inspect } = await import('node:util');
    const house = await openHouse();
    const { connection } = await enter(house);
    const wrong = newToken();
    const error = await visit(house.listener.url, { token: wrong }).catch((it: unknown) => it);
    assert.ok(error instanceof ShoalError);
    const refused = await house.refused.next();
    const shown = [house.listener, connection, error, refused].map((it) => inspect(it, { depth: 9 })).join('\n');
    assert.ok(!shown.includes(TOKEN) && !shown.includes(wrong));
  });

  it('refuses to listen or to send its token beyond loopback without TLS, unless told to', async () => {
    const onPeer = () => new Recorder();
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.org', '127.example.org']) {
      await assert.rejects(createListener({ host, port: 0, token: TOKEN, onPeer }), coded('SHOAL_WIRE_INSECURE'), host);
    }
    const handlers = new Recorder();
    const url = 'ws://192.0.2.1:9';
    await assert.rejects(connect({ url, token: TOKEN, handlers }), coded('SHOAL_WIRE_INSECURE'));
    const told = await openHouse({ host: '0.0.0.0', insecure: true });
    await enter(told, { url: `ws://127.0.0.1:${told.listener.port}` });
  });

  it('names what is wrong with an address, a token and a port', async () => {
    const handlers = new Recorder();
    for (const url of ['nonsense', 'http://127.0.0.1:1', 'ws://user:secret@127.0.0.1:1', 'ws://127.0.0.1:1/?token=x']) {
      const error = await connect({ url, token: TOKEN, handlers }).catch((it: unknown) => it);
      assert.ok(coded('SHOAL_WIRE_CONNECT')(error) && !/secret/.test(String(error)), url);
    }
    await assert.rejects(visit('ws://127.0.0.1:1', { token: 'short' }), coded('SHOAL_WIRE_TOKEN'));
    await assert.rejects(visit('ws://127.0.0.1:1'), coded('SHOAL_WIRE_CONNECT'));
    const house = await openHouse();
    await assert.rejects(openHouse({ port: house.listener.port }), coded('SHOAL_WIRE_CONNECT'));
    const stop = new AbortController();
    stop.abort();
    await assert.rejects(visit(house.listener.url, { signal: stop.signal }), coded('SHOAL_WIRE_CLOSED'));
  });

  it('serves plain GETs to those with the token, some to this machine without it', async () => {
    const house = await openHouse({
      routes: new Map<string, RouteHandler>([
        ['/data', (request, response) => void response.end(request.url)],
        ['/bad', () => Promise.reject(new Error('no'))],
      ]),
      localRoutes: new Map<string, RouteHandler>([['/health', (_, response) => void response.end('well')]]),
    });
    const { url } = house.listener;
    const headers = { authorization: `Bearer ${TOKEN}` };
    assert.deepEqual(await get(`${url}/health`), { status: 200, body: 'well' });
    const { port } = house.listener;
    assert.equal((await get(`${url}/health`, { host: `localhost:${port}` })).status, 200);
    assert.equal((await get(`${url}/health`, { host: `evil.example:${port}` })).status, 401);
    assert.equal((await get(`${url}/health`, { ...headers, host: `lab-7:${port}` })).status, 200);
    assert.deepEqual(await get(`${url}/data/train?part=3`, headers), { status: 200, body: '/data/train?part=3' });
    assert.equal((await get(`${url}/data/train`)).status, 401);
    assert.equal((await get(`${url}/data`, { authorization: `bearer ${newToken()}` })).status, 401);
    assert.equal((await get(`${url}/nothing`, headers)).status, 404);
    assert.equal((await get(`${url}/data`, headers, 'POST')).status, 405);
    assert.equal((await get(`${url}/bad`, headers)).status, 500);
    await enter(house);
  });

  it('knows who asks from this machine: by address, and by the name it was asked by', () => {
    const asks = (remoteAddress: string | undefined, host: string | undefined) =>
      isLocal({ socket: { remoteAddress }, headers: { host } });
    for (const [address, host] of [
      ['127.0.0.1', '127.0.0.1:7070'],
      ['::ffff:127.0.0.1', 'localhost'],
      ['::1', '[::1]:7070'],
    ])
      assert.ok(asks(address, host), address);
    for (const [address, host] of [
      ['10.0.0.7', '127.0.0.1:7070'],
      ['::ffff:10.0.0.7', 'localhost'],
      ['127.0.0.1', 'rebound.example:7070'],
      ['127.0.0.1', ''],
      ['127.0.0.1', undefined],
      [undefined, 'localhost'],
    ])
      assert.ok(!asks(address, host), `${address} ${host}`);
  });

  it('accepts only hello or attach as a first message', async () => {
    const house = await openHouse();
    const wrong = await visit(house.listener.url);
    wrong.connection.send(MESSAGES.ack);
    assert.match(String(await wrong.seen.closed), /SHOAL_WIRE_CONTENT/);
    const bulk = await visit(house.listener.url);
    await bulk.connection.sendBulk(BULKS.push);
    assert.match(String(await bulk.seen.closed), /SHOAL_WIRE_CONTENT/);
    assert.equal((await house.refused.next()).got, 'ack');
    assert.equal((await house.refused.next()).got, 'bulk');
    assert.equal(house.guests.length, 0);
    const { connection, guest } = await enter(house);
    connection.send(MESSAGES.hello);
    assert.deepEqual(await guest.seen.messages.next(), MESSAGES.hello);
  });

  it('closes the connection whose handler throws, with that error as the reason, at both ends', async () => {
    const no = new ShoalError({ code: 'SHOAL_TEST', operation: 'join', got: 'a', expected: 'b', hint: 'c' });
    const strict = await openHouse({
      onPeer() {
        throw no;
      },
    });
    const { connection, seen } = await visit(strict.listener.url);
    connection.send(MESSAGES.hello);
    assert.match((await seen.closed)!.got, /1008 SHOAL_TEST/);
    assert.equal(await strict.refused.next(), no);

    const house = await openHouse();
    const handlers = new Recorder();
    handlers.message = () => {
      throw new TypeError('a bug');
    };
    const peer = await enter(house, { handlers });
    peer.guest.connection.send(MESSAGES.ping);
    assert.equal((await handlers.closed)!.code, 'SHOAL_INTERNAL');
    assert.match((await peer.guest.seen.closed)!.got, /SHOAL_INTERNAL/);
    assert.equal(handlers.closes, 1);
  });

  it('takes what was sent before a goodbye, refuses what waits, and says so once', async () => {
    const house = await openHouse();
    const { connection, seen, guest } = await enter(house, { limits: { windowBytes: 2 ** 20 } });
    const sent = Array.from({ length: 20 }, (_, step) => connection.sendBulk(pushOf(2 ** 18, 1, step)));
    connection.send(MESSAGES.ping);
    const gone = connection.close();
    connection.send(MESSAGES.pong);
    await assert.rejects(connection.sendBulk(BULKS.push), coded('SHOAL_WIRE_CLOSED'));
    const outcomes = await Promise.allSettled(sent);
    await gone;
    assert.equal(await guest.seen.closed, null);
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, guest.seen.bulks.length);
    assert.ok(guest.seen.bulks.length >= 1 && guest.seen.bulks.length < 20);
    assert.deepEqual([guest.seen.messages.length, guest.seen.closes, seen.closes], [1, 1, 1]);
    assert.equal(connection.open, false);
  });

  it('sends what waits for the window by priority, then in order', async () => {
    const house = await openHouse();
    const { connection, guest } = await enter(house, { limits: { windowBytes: 1 } });
    const priorities = [9, 5, 1, 5, 0, 65_535];
    await Promise.all(priorities.map((priority, step) => connection.sendBulk(pushOf(2 ** 20, 1, step), priority)));
    const steps: number[] = [];
    while (steps.length < priorities.length) steps.push((await guest.seen.bulks.next()).step);
    assert.deepEqual(steps, [0, 4, 2, 1, 3, 5]);
  });

  it('stops listening, says goodbye to all, and lets go of the port', async () => {
    const house = await openHouse();
    const { seen } = await enter(house);
    await visit(house.listener.url);
    await house.listener.close();
    assert.equal(await seen.closed, null);
    assert.equal(house.listener.connections, 0);
    const again = await openHouse({ port: house.listener.port });
    later(() => again.listener.close());
    await enter(again);
  });
});
