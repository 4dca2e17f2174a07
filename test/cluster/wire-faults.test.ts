// wire-faults.test.ts: peers and networks that misbehave cost that one connection, in bounded time and memory, and nobody else's.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect as dial, type Socket } from 'node:net';
import { encodeBulk, encodeMessage } from '../../cluster/protocol.ts';
import { startProxy } from '../support/proxy.ts';
import { closeAll, enter, type House, later, openHouse, TOKEN, visit } from './support/ends.ts';
import { BULKS, MESSAGES, pushOf } from './support/examples.ts';
import { fuzzedFrame } from './support/fuzzer.ts';
import { closeCode, rawFrame, rawUpgrade, rest } from './support/raw.ts';

const stamp = (seq: number) => ({ seq, priority: 0 });
const hello = () => rawFrame(encodeMessage(MESSAGES.hello, stamp(0)));
/** Beyond all deadlines of a test, and far below mocha's. */
const SOON = 5000;

/** A proxy in front of a house, and its address. */
async function throughProxy(house: House) {
  const proxy = await startProxy({ port: house.listener.port });
  later(() => proxy.close());
  return { proxy, url: `ws://127.0.0.1:${proxy.port}` };
}

/** Someone who must not notice anything: `check` has a message and a bulk carried there and back. */
async function bystander(house: House) {
  const { connection, seen, guest } = await enter(house);
  return {
    connection,
    async check() {
      connection.send(MESSAGES.ping);
      guest.connection.send(MESSAGES.pong);
      await Promise.all([connection.sendBulk(BULKS.push), guest.connection.sendBulk(BULKS.params)]);
      await Promise.all([guest.seen.messages, seen.messages, guest.seen.bulks, seen.bulks].map((it) => it.next()));
    },
  };
}

/** Writes a byte every 5 ms until it is cut off. */
async function dribble(socket: Socket, bytes: Uint8Array): Promise<number> {
  const since = performance.now();
  const closed = rest(socket);
  let at = 0;
  const timer = setInterval(() => socket.write(bytes.subarray(at, ++at)), 5);
  await closed;
  clearInterval(timer);
  assert.ok(at < bytes.length, 'was not cut off');
  return performance.now() - since;
}

/** What comes first; rejects when the socket closes before that. */
function answered(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('data', (chunk: Buffer) => resolve(String(chunk)));
    socket.once('close', () => reject(new Error('closed without an answer')));
  });
}

describe('the wire under attack', () => {
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

  it('holds little of a frame that is no first message', async () => {
    const house = await openHouse({ limits: { firstBytes: 1000 } });
    const early = await rawUpgrade(house.listener.url);
    const closed = rest(early);
    early.write(rawFrame(new Uint8Array(1001), { claim: 100_000 }));
    await closed;
    assert.equal((await house.refused.next()).code, 'SHOAL_WIRE_SIZE');
    const pipelined = await rawUpgrade(house.listener.url);
    const { head, values } = encodeBulk(pushOf(10_000), stamp(1));
    pipelined.write(Buffer.concat([hello(), rawFrame(Buffer.concat([head, values]))]));
    const guest = await house.guests.next();
    assert.equal((await guest.seen.bulks.next()).values.length, 10_000);
  });

  it('turns connections beyond the limit away while those inside go on, and takes new ones when there is room', async () => {
    for (const limits of [{ connections: 8 }, { perAddress: 8 }]) {
      const house = await openHouse({ limits });
      const other = await bystander(house);
      const flood = Array.from({ length: 100 }, () => dial(house.listener.port, '127.0.0.1'));
      const ends = flood.map(rest);
      for (let i = 0; i < 93; i++) assert.equal((await house.refused.next()).code, 'SHOAL_WIRE_LIMIT');
      await other.check();
      await assert.rejects(visit(house.listener.url));
      assert.ok(house.listener.connections <= 8);
      for (const socket of flood) socket.destroy();
      await Promise.all(ends);
      await house.refused.next();
      const next = await eventually(() => enter(house));
      next.connection.send(MESSAGES.ping);
      await next.guest.seen.messages.next();
      await other.check();
    }
  });

  const ack = encodeMessage(MESSAGES.ack, stamp(1));
  const flipped = Buffer.from(ack);
  flipped[40]! ^= 1;
  const { head, values } = encodeBulk(pushOf(100), stamp(1));
  const offences: Record<string, readonly [bytes: Buffer, code: number, got: RegExp]> = {
    'a frame said to be 5 MiB': [rawFrame(ack, { claim: 5 * 2 ** 20 }), 1009, /Max payload/],
    'a frame said to be 2^62 bytes': [rawFrame(ack, { claim: 2 ** 62 }), 1009, /payload length/],
    'a corrupt frame': [rawFrame(flipped), 1008, /checksum/],
    'a truncated frame': [rawFrame(ack.subarray(0, -3)), 1008, /bytes of payload/],
    'an empty frame': [rawFrame(new Uint8Array(0)), 1008, /0 bytes/],
    text: [rawFrame(Buffer.from('hello'), { opcode: 1 }), 1008, /text/],
    chance: [Buffer.from('fedcba9876543210'.repeat(8), 'hex'), 1002, /RSV|opcode|MASK|FIN/],
    'a frame twice': [Buffer.concat([rawFrame(ack), rawFrame(ack)]), 1008, /frame 1/],
    'bulk without its values': [rawFrame(head), 1008, /0 bytes of payload|24 bytes of payload/],
    'nine fragments': [
      Buffer.concat(
        Array.from({ length: 9 }, (_, i) => rawFrame(values.subarray(i, i + 1), { opcode: i ? 0 : 2, fin: false })),
      ),
      1008,
      /fragments/,
    ],
  };
  for (const [name, [bytes, code, got]] of Object.entries(offences)) {
    it(`closes who sends ${name} with code ${code}, and nobody else`, async () => {
      const house = await openHouse();
      const other = await bystander(house);
      const socket = await rawUpgrade(house.listener.url);
      const closed = rest(socket);
      socket.write(Buffer.concat([hello(), bytes]));
      socket.on('data', (chunk: Buffer) => chunk.includes(0x88) && socket.end());
      const guest = await house.guests.next();
      const reason = (await guest.seen.closed)!;
      assert.match(reason.got, got);
      assert.match(reason.code, /^SHOAL_WIRE_/);
      assert.equal(closeCode(await closed), code);
      await other.check();
    });
  }

  it('closes 200 peers for a fuzzed frame each (a sound one is out of sequence), and nobody else', async () => {
    const house = await openHouse();
    const other = await bystander(house);
    for (let i = 0; i < 200; i++) {
      const socket = await rawUpgrade(house.listener.url);
      const closed = rest(socket);
      socket.write(Buffer.concat([hello(), rawFrame(fuzzedFrame(77, i))]));
      socket.on('data', (chunk: Buffer) => chunk.includes(0x88) && socket.end());
      const guest = await house.guests.next();
      assert.match((await guest.seen.closed)!.code, /^SHOAL_WIRE_/, `frame ${i}`);
      assert.equal(guest.seen.messages.length + guest.seen.bulks.length, 0);
      await closed;
      if (i % 50 === 0) await other.check();
    }
    await other.check();
    assert.equal(house.listener.connections, 1);
  });

  it('notices bits that flip on their way, whichever byte of the frame they hit', async () => {
    const house = await openHouse();
    const { proxy, url } = await throughProxy(house);
    // 6 + 56: the first fragment with its mask; 8 + 400: the second.
    for (const at of [7, 30, 50, 62, 80, 400]) {
      const { connection, guest } = await enter(house, { url });
      proxy.up.flipAfter = at;
      const sent = connection.sendBulk(pushOf(100)).catch(() => {});
      const reason = (await guest.seen.closed)!;
      assert.match(reason.code, /^SHOAL_WIRE_(FRAME|SIZE|CHECKSUM|VERSION)$/, `byte ${at}`);
      assert.equal(guest.seen.bulks.length, 0);
      await sent;
    }
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

  it('tells both ends of a reset, and works with latency', async () => {
    const limits = { pingMs: 20 };
    const house = await openHouse({ limits });
    const { proxy, url } = await throughProxy(house);
    const { connection, seen, guest } = await enter(house, { url, limits });
    proxy.up.delayMs = proxy.down.delayMs = 15;
    connection.send(MESSAGES.ping);
    guest.connection.send(MESSAGES.ping);
    await Promise.all([seen.messages.next(), guest.seen.messages.next()]);
    proxy.reset();
    for (const reason of await Promise.all([seen.closed, guest.seen.closed])) {
      assert.equal(reason!.code, 'SHOAL_WIRE_CLOSED');
    }
  });

  it('leaves no socket and no timer behind', async () => {
    const kinds = () =>
      process
        .getActiveResourcesInfo()
        .filter((kind) => /TCP|Timeout|Pipe/.test(kind))
        .sort();
    await new Promise(setImmediate);
    const before = kinds();
    const house = await openHouse();
    await enter(house);
    await rawUpgrade(house.listener.url);
    await visit(house.listener.url, { token: 'x'.repeat(40) }).catch(() => {});
    dial(house.listener.port, '127.0.0.1').on('error', () => {});
    await closeAll();
    await eventually(() => assert.deepEqual(kinds(), before));
  });
});

/** The same for a house with a short deadline of handshakes, which a slow machine may miss. */
async function punctual<T>(act: () => T | Promise<T>, house: House): Promise<T> {
  const done = await eventually(act);
  while (house.refused.length > 0) await house.refused.next();
  return done;
}

/** Tries until it succeeds; mocha ends it otherwise. */
async function eventually<T>(act: () => T | Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch {
      await new Promise(setImmediate);
    }
  }
}
