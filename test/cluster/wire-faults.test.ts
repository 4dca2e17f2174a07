// wire-faults.test.ts: peers and networks that say what they must not cost that one connection, in bounded memory, and nobody else's. Those
// that are slow or silent: wire-silence.test.ts.
import assert from 'node:assert/strict';
import { connect as dial } from 'node:net';
import { encodeBulk, encodeMessage } from '../../cluster/protocol.ts';
import { bystander, eventually, hello, stamp, throughProxy } from './support/attack.ts';
import { closeAll, enter, openHouse, visit } from './support/ends.ts';
import { MESSAGES, pushOf } from './support/examples.ts';
import { fuzzedFrame } from './support/fuzzer.ts';
import { closeCode, rawFrame, rawUpgrade, rest } from './support/raw.ts';

describe('the wire under attack', () => {
  afterEach(closeAll);

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
