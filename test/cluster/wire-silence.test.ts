// wire-silence.test.ts: peers that are slow, silent, frozen or do not read cost that one connection, in bounded time, and nobody else's.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect as dial } from 'node:net';
import { answered, bystander, dribble, hello, punctual, throughProxy } from './support/attack.ts';
import { closeAll, enter, later, openHouse, TOKEN } from './support/ends.ts';
import { MESSAGES, pushOf } from './support/examples.ts';
import { rawFrame, rawUpgrade, rest } from './support/raw.ts';

/** Beyond all deadlines of a test, and far below mocha's. */
const SOON = 5000;

describe('the wire and those who say nothing', () => {
  afterEach(closeAll);

  it('cuts off silent sockets and handshakes that dribble, at their deadline of 300 ms', async () => {
    const house = await openHouse({ limits: { handshakeMs: 300 } });
    const other = await punctual(() => bystander(house), house);
    const silent = rest(dial(house.listener.port, '127.0.0.1'));
    const slow = dial(house.listener.port, '127.0.0.1');
    const head = Buffer.from(`GET /wire HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(4000)}`);
    const took = await dribble(slow, head);
    await silent;
    assert.ok(took >= 290 && took < SOON, `${took} ms`);
    assert.deepEqual(
      [await house.refused.next(), await house.refused.next()].map(({ code }) => code),
      ['SHOAL_WIRE_TIMEOUT', 'SHOAL_WIRE_TIMEOUT'],
    );
    await other.check();
  });

  it('cuts off a second request that dribbles, and tells of it', async () => {
    const house = await openHouse({
      limits: { handshakeMs: 100 },
      routes: new Map([['/health', async (_, response) => void response.end()]]),
    });
    const socket = await punctual(async () => {
      const dialed = dial(house.listener.port, '127.0.0.1');
      // with the token: who has none is answered, and the connection closed
      dialed.write(`GET /health HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
      assert.match(await answered(dialed), /^HTTP\/1.1 200/);
      return dialed;
    }, house);
    await dribble(socket, Buffer.from(`GET /health HTTP/1.1\r\nX-Long: ${'x'.repeat(4000)}`));
    assert.equal((await house.refused.next()).code, 'SHOAL_WIRE_TIMEOUT');
  });

  it('tells of them once each, though it slept past their deadline and the look for late headers', async () => {
    const house = await openHouse({ limits: { handshakeMs: 100 } });
    const sockets = Array.from({ length: 20 }, () => dial(house.listener.port, '127.0.0.1'));
    const ends = sockets.map(rest);
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    for (const socket of sockets) socket.write('GET /wire HTTP/1.1\r\nHost:');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
    await Promise.all(ends);
    for (const _ of sockets) assert.equal((await house.refused.next()).code, 'SHOAL_WIRE_TIMEOUT');
    while (house.listener.connections > 0) await new Promise(setImmediate);
    assert.equal(house.refused.length, 0);
  });

  it('cuts off who is let in but says nothing, or never ends a frame', async () => {
    const mute = await openHouse({ limits: { firstMs: 80 } });
    const since = performance.now();
    await rest(await rawUpgrade(mute.listener.url));
    assert.ok(performance.now() - since >= 75);
    assert.equal((await mute.refused.next()).code, 'SHOAL_WIRE_TIMEOUT');
    const house = await openHouse({ limits: { frameMs: 80, pingMs: 20 } });
    const slow = await rawUpgrade(house.listener.url);
    slow.write(hello());
    const guest = await house.guests.next();
    await dribble(slow, rawFrame(new Uint8Array(100_000)));
    assert.match((await guest.seen.closed)!.got, /a frame that takes \d+ ms/);
  });

  it('keeps what is on its way to a reader that does not read within the window, and sends the rest when it reads', async () => {
    const house = await openHouse();
    const windowBytes = 3 * 2 ** 20;
    const { connection, guest } = await enter(house, { limits: { windowBytes } });
    guest.connection.pause();
    let most = 0;
    let taken = 0;
    const sent = Array.from({ length: 64 }, async (_, step) => {
      const done = connection.sendBulk(pushOf(2 ** 18, 1, step));
      most = Math.max(most, connection.bufferedBytes);
      await done;
      taken++;
      most = Math.max(most, connection.bufferedBytes);
    });
    while (connection.bufferedBytes + 2 ** 20 < windowBytes) await new Promise(setImmediate);
    assert.ok(taken < 64, 'nothing had to wait');
    guest.connection.resume();
    await Promise.all(sent);
    assert.ok(most <= windowBytes && most > windowBytes - 2 ** 20 - 100, `${most} bytes`);
    for (let step = 0; step < 64; step++) assert.equal((await guest.seen.bulks.next()).step, step);
  });

  it('drops a reader that never reads, by bulk that does not move and by messages that pile up', async () => {
    const house = await openHouse();
    const stalled = await enter(house, { limits: { windowBytes: 2 ** 20, stallMs: 100, pingMs: 20 } });
    stalled.guest.connection.pause();
    const sent = Array.from({ length: 64 }, () => stalled.connection.sendBulk(pushOf(2 ** 18)));
    const outcomes = Promise.allSettled(sent);
    assert.match((await stalled.seen.closed)!.got, /bytes that do not move/);
    assert.ok((await outcomes).some(({ status }) => status === 'rejected'));
    stalled.guest.connection.resume();
    await stalled.guest.seen.closed;

    const piled = await enter(house, { limits: { outstandingBytes: 2 ** 20 } });
    piled.guest.connection.pause();
    const long = { ...MESSAGES.bye, reason: 'x'.repeat(16_000) };
    while (piled.connection.open) {
      piled.connection.send(long);
      await new Promise(setImmediate);
    }
    assert.equal((await piled.seen.closed)!.code, 'SHOAL_WIRE_LIMIT');
    piled.guest.connection.resume();
  });

  it('finds out at both ends that the other is half-open', async () => {
    const limits = { pingMs: 20, silenceMs: 120 };
    const house = await openHouse({ limits });
    const { proxy, url } = await throughProxy(house);
    const { seen, guest } = await enter(house, { url, limits });
    proxy.up.swallow = true;
    proxy.down.swallow = true;
    for (const reason of await Promise.all([seen.closed, guest.seen.closed])) {
      assert.equal(reason!.code, 'SHOAL_WIRE_TIMEOUT');
      assert.match(reason!.got, /nothing for \d+ ms/);
    }
  });

  it('finds out that a process is frozen, which learns of it when it thaws', async () => {
    const house = await openHouse({ limits: { pingMs: 20, silenceMs: 1000 } });
    const script = new URL('./support/freezable-peer.ts', import.meta.url);
    const child = fork(script, [house.listener.url], { env: { ...process.env, SHOAL_TOKEN: TOKEN } });
    later(() => child.kill('SIGKILL'));
    const guest = await house.guests.next();
    guest.connection.send(MESSAGES.ping);
    await guest.seen.messages.next();
    child.kill('SIGSTOP');
    assert.equal((await guest.seen.closed)!.code, 'SHOAL_WIRE_TIMEOUT');
    const told = once(child, 'message');
    child.kill('SIGCONT');
    assert.deepEqual((await told)[0], 'SHOAL_WIRE_CLOSED');
    await once(child, 'exit');
  });

  it('does not take its own sleep for the silence of others', async () => {
    const limits = { pingMs: 10, silenceMs: 50 };
    const house = await openHouse({ limits });
    const { connection, seen, guest } = await enter(house, { limits });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    for (let i = 0; i < 20; i++) {
      connection.send(MESSAGES.ping);
      await guest.seen.messages.next();
    }
    assert.equal(connection.open && guest.connection.open, true);
    assert.equal(seen.closes, 0);
  });
});
