// protocol.test.ts: frames are written and read back without loss, and nothing but a refusal comes of any other bytes.
import assert from 'node:assert/strict';
import { ShoalError } from '../../base/errors.ts';
import { checksum } from '../../cluster/checksum.ts';
import type { Message } from '../../cluster/messages.ts';
import { decodeFrame, encodeBulk, encodeMessage, slicesOf } from '../../cluster/protocol.ts';
import { BULKS, MESSAGES, pushOf } from './support/examples.ts';
import { frameSum } from './support/frame-sum.ts';
import { fuzzFrames } from './support/fuzzer.ts';

const stamp = { seq: 0xffff_ffff, priority: 7 };
const bits = (values: Float32Array) => [...new Uint32Array(values.slice().buffer)];
const joined = (bulk: Parameters<typeof encodeBulk>[0]) => {
  const { head, values } = encodeBulk(bulk, stamp);
  return Buffer.concat([head, values]);
};
const refusedAs = (code: string, got: RegExp) => (error: unknown) =>
  error instanceof ShoalError &&
  error.code === code &&
  (got.test(error.got) || assert.fail(`${code}: got ${error.got}`));

describe('the wire protocol', () => {
  for (const message of Object.values(MESSAGES)) {
    it(`carries ${message.type} without loss`, () => {
      const frame = decodeFrame(encodeMessage(message, stamp));
      assert.deepEqual(frame, { seq: 0xffff_ffff, message });
    });
  }

  for (const bulk of Object.values(BULKS)) {
    it(`carries the bits of ${bulk.type}, whole, as sent, cut anywhere and at any alignment`, () => {
      const whole = joined(bulk);
      const { head, values } = encodeBulk(bulk, stamp);
      const shifted = (by: number) => Buffer.concat([Buffer.alloc(by), whole]).subarray(by);
      for (const pieces of [
        whole,
        [head, values],
        [head, Buffer.concat([Buffer.alloc(1), values]).subarray(1)],
        [whole.subarray(0, 3), whole.subarray(3, 60), whole.subarray(60)],
        shifted(1),
        shifted(2),
        shifted(4),
      ]) {
        const frame = decodeFrame(pieces);
        assert.deepEqual(frame.bulk, bulk);
        assert.deepEqual(bits(frame.bulk!.values), bits(bulk.values));
      }
    });
  }

  it('lays a header out as documented, 32 bytes little endian with the payload behind', () => {
    const frame = joined({ ...BULKS.push, step: 0x01020304 });
    assert.equal(frame.toString('hex', 0, 28), '5348012000000700030000000403020' + '1ffffffff0000000034000000');
    assert.equal(frame.length, 32 + 24 + 4 * 7);
    const zeroed = Buffer.from(frame).fill(0, 28, 32);
    assert.equal(frame.readUInt32LE(28), frameSum(zeroed));
    assert.deepEqual(
      [0, 4, 8, 12, 16, 20].map((at) => frame.readUInt32LE(32 + at)),
      [2, 5, 10, 3, 17, 7],
    );
    assert.equal(frame.readFloatLE(56), 1);
  });

  it('sums short frames and long ones as they are defined, in whatever pieces they are', () => {
    assert.equal(checksum([Buffer.from('123456789')]), 0xcbf4_3926);
    for (const length of [0, 1, 16_383, 16_384, 16_385, 20_000]) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 7919) >> 3);
      const whole = frameSum(bytes);
      for (const at of [0, 28, 32, length]) assert.equal(checksum([bytes.subarray(0, at), bytes.subarray(at)]), whole);
    }
  });

  it('reads aligned values in place and sends them from their own memory, shared memory included', () => {
    const memory = new SharedArrayBuffer(64);
    const values = new Float32Array(memory, 8, 10).fill(0.5);
    const encoded = encodeBulk({ ...pushOf(10), values }, stamp);
    assert.equal(encoded.values.buffer, memory);
    const arrived = new Uint8Array(encoded.values);
    const frame = decodeFrame([encoded.head, arrived]);
    assert.equal(frame.bulk!.values.buffer, arrived.buffer);
    assert.deepEqual([...frame.bulk!.values], Array(10).fill(0.5));
  });

  it('cuts a range into slices of at most the given size that lie in its own memory, in order and without gaps', () => {
    const vector = Float32Array.from({ length: 1000 }, (_, i) => i);
    const slices = [...slicesOf(vector, { from: 50, to: 1050 }, 1200)];
    assert.deepEqual(
      slices.map(({ from, values }) => [from, values.length]),
      [
        [50, 300],
        [350, 300],
        [650, 300],
        [950, 100],
      ],
    );
    assert.ok(slices.every(({ from, values }) => values.buffer === vector.buffer && values[0] === from - 50));
    assert.deepEqual([...slicesOf(new Float32Array(0), { from: 5, to: 5 })], []);
    const largest = [...slicesOf(new Float32Array(3 * 2 ** 20), { from: 0, to: 3 * 2 ** 20 }, 2 ** 30)];
    assert.deepEqual(
      largest.map(({ values }) => values.byteLength),
      [2 ** 22, 2 ** 22, 2 ** 22],
    );
    assert.throws(() => [...slicesOf(vector, { from: 0, to: 999 })], refusedAs('SHOAL_WIRE_CONTENT', /1000/));
  });

  it('refuses to send what the other end would refuse', () => {
    const { push, params } = BULKS;
    const cases: [Parameters<typeof encodeBulk>[0], RegExp][] = [
      [{ ...push, node: null }, /no node/],
      [{ ...params, node: { level: 0, index: 0 } }, /a node/],
      [{ ...push, node: { level: 32, index: 0 } }, /level 32/],
      [{ ...push, values: new Float32Array(0) }, /no values/],
      [{ ...push, from: 11 }, /11 to 18/],
      [{ ...push, from: 2 }, /2 to 9/],
      [pushOf(2 ** 20 + 1), /4194308 bytes/],
    ];
    for (const [bulk, got] of cases) assert.throws(() => encodeBulk(bulk, stamp), refusedAs('SHOAL_WIRE_CONTENT', got));
    const fat: Message = { ...MESSAGES.welcome, job: 'x'.repeat(2 ** 20) };
    assert.throws(() => encodeMessage(fat, stamp), refusedAs('SHOAL_WIRE_SIZE', /bytes/));
  });

  it('names what is wrong with a frame: magic, version, type, length, flags, checksum, term', () => {
    const frame = Buffer.from(encodeMessage(MESSAGES.ack, stamp));
    const changed = (change: (copy: Buffer) => void, sealed = false) => {
      const copy = Buffer.from(frame);
      change(copy);
      if (sealed) copy.writeUInt32LE(frameSum(copy.fill(0, 28, 32)), 28);
      return () => decodeFrame(copy);
    };
    assert.throws(
      changed((copy) => copy.fill(1, 0, 2), true),
      refusedAs('SHOAL_WIRE_FRAME', /magic 0x101/),
    );
    assert.throws(
      changed((copy) => copy.fill(2, 2, 3), true),
      refusedAs('SHOAL_WIRE_VERSION', /version 2/),
    );
    assert.throws(
      changed((copy) => copy.fill(99, 3, 4), true),
      refusedAs('SHOAL_WIRE_FRAME', /type 99/),
    );
    assert.throws(
      changed((copy) => copy.fill(1, 4, 5), true),
      refusedAs('SHOAL_WIRE_FRAME', /flags 0x1/),
    );
    const strange = joined(BULKS.push).fill(9, 4, 5);
    strange.writeUInt32LE(frameSum(strange.fill(0, 28, 32)), 28);
    assert.throws(() => decodeFrame(strange), refusedAs('SHOAL_WIRE_FRAME', /flags 0x9/));
    assert.throws(
      changed((copy) => copy.fill(9, 8, 9), true),
      refusedAs('SHOAL_WIRE_CONTENT', /term 3/),
    );
    assert.throws(
      changed((copy) => copy.fill(0xff, 24, 28), true),
      refusedAs('SHOAL_WIRE_SIZE', /payload of 4294967295/),
    );
    assert.throws(
      changed((copy) => copy.fill(0, 40, 41)),
      refusedAs('SHOAL_WIRE_CHECKSUM', /checksum 0x/),
    );
    assert.throws(() => decodeFrame(frame.subarray(0, -1)), refusedAs('SHOAL_WIRE_SIZE', /bytes of payload/));
    assert.throws(() => decodeFrame(frame.subarray(0, 31)), refusedAs('SHOAL_WIRE_SIZE', /31 bytes/));
    assert.throws(() => decodeFrame([]), refusedAs('SHOAL_WIRE_SIZE', /0 bytes/));
  });

  const welcomeWith = (json: string): Buffer => {
    const payload = Buffer.from(json);
    const frame = Buffer.concat([Buffer.from(encodeMessage(MESSAGES.welcome, stamp)).subarray(0, 32), payload]);
    frame.writeUInt32LE(0, 8);
    frame.writeUInt32LE(payload.length, 24);
    frame.writeUInt32LE(checksum([frame.fill(0, 28, 32)]), 28);
    return frame;
  };

  it('refuses JSON so deep that it would exhaust the stack of whoever walks it', () => {
    const deep = `${'['.repeat(400_000)}${']'.repeat(400_000)}`;
    const frame = welcomeWith(`{"type":"welcome","term":0,"job":${deep},"servers":[],"range":null,"version":0}`);
    assert.throws(() => decodeFrame(frame), refusedAs('SHOAL_WIRE_CONTENT', /levels deep/));
  });

  it('refuses numbers that it could not write again: a zero with a sign and infinity, however they are spelt', () => {
    for (const odd of ['-0', '-0.0', '-1e-400', '1e999', '-1e999'])
      assert.throws(
        () =>
          decodeFrame(
            welcomeWith(`{"type":"welcome","term":0,"job":{"a":[${odd}]},"servers":[],"range":null,"version":0}`),
          ),
        refusedAs('SHOAL_WIRE_CONTENT', /-0 or Infinity/),
      );
  });

  it('names what strangers made up in one line of at most 300 characters', () => {
    for (const text of [
      `{"${'k'.repeat(900_000)}":1}`,
      `{"type":"${'t'.repeat(900_000)}"}`,
      '{\n\u001b[31m',
      '"\\n"',
    ]) {
      assert.throws(
        () => decodeFrame(welcomeWith(text)),
        (error) => error instanceof ShoalError && /^[ -~]{1,1000}$/.test(error.message),
        text.slice(0, 20),
      );
    }
  });

  it('answers 3,000 fuzzed frames, half of them with right checksums, with a frame or a refusal', () => {
    const { sealed, accepted, refused } = fuzzFrames(3000, 20261122);
    assert.ok(sealed === 1500 && accepted > 100, `${sealed} sealed, ${accepted} accepted`);
    for (const code of ['FRAME', 'VERSION', 'SIZE', 'CHECKSUM', 'CONTENT'])
      assert.ok(refused[`SHOAL_WIRE_${code}`]! > 10, code);
  });
});
