// fuzzer.ts: frames that are nearly right, made from a seed, and the check that reading them ends well. Run by a test and by fuzz-frames.ts.
import assert from 'node:assert/strict';
import { ShoalError } from '../../../base/errors.ts';
import { draws, seedWords } from '../../../base/random.ts';
import { checksum } from '../../../cluster/checksum.ts';
import { decodeFrame, encodeBulk, encodeMessage } from '../../../cluster/protocol.ts';
import { BULKS, MESSAGES } from './examples.ts';

/** How many frames were read, and how many refused for what. */
export interface FuzzCounts {
  readonly sealed: number;
  readonly accepted: number;
  readonly refused: Readonly<Record<string, number>>;
}

/** A source of integers below a bound. */
type Below = (bound: number) => number;

const stamp = { seq: 5, priority: 2 };
const FRAMES: readonly Buffer[] = [
  ...Object.values(MESSAGES).map((message) => Buffer.from(encodeMessage(message, stamp))),
  ...Object.values(BULKS).map((bulk) => {
    const { head, values } = encodeBulk(bulk, stamp);
    return Buffer.concat([head, values]);
  }),
];
const NUMBERS = [0, 1, 31, 32, 255, 0xffff, 0x7fff_ffff, 0xffff_ffff];
const WORDS = [
  'null',
  '-1',
  '1e999',
  '"NaN"',
  '{}',
  '[[[[]]]]',
  '9007199254740993',
  '""',
  '"__proto__"',
  'tru',
  '\ud800',
];

/** Frame `i` of a seed. Every other one, from 0, has a right checksum and length. */
export function fuzzedFrame(seed: number, i: number): Buffer {
  const below = numbers(seed, i);
  const good = i % 2 === 0;
  for (;;) {
    const frame = mutate(Buffer.from(FRAMES[below(FRAMES.length)]!), below);
    if (!good || frame.length >= 32) return seal(frame, good); // less has no room for a checksum
  }
}

function numbers(seed: number, i: number, slot = 0): Below {
  const draw = draws(seedWords(seed), slot, 0, i);
  let index = 0;
  return (bound) => draw(index++) % bound;
}

/**
 * Reads `count` frames.
 * @throws AssertionError that names the seed and the frame when something but a ShoalError of the wire is thrown, or when a frame
 * that was accepted does not survive being written and read again
 */
export function fuzzFrames(count: number, seed: number): FuzzCounts {
  const refused: Record<string, number> = {};
  let accepted = 0;
  let sealed = 0;
  for (let i = 0; i < count; i++) {
    const bytes = fuzzedFrame(seed, i);
    if (i % 2 === 0) sealed++;
    const place = `frame ${i} of seed ${seed}: ${bytes.subarray(0, 80).toString('hex')}`;
    try {
      const frame = decodeFrame(inPieces(bytes, numbers(seed, i, 1)));
      accepted++;
      assert.deepEqual(decodeFrame(again(frame)), { ...frame, seq: stamp.seq }, place);
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      assert.ok(error instanceof ShoalError && /^SHOAL_WIRE_/.test(error.code), `${place}: ${error}`);
      assert.ok(error.got !== '' && error.expected !== '' && error.message.length < 1000, place);
      refused[error.code] = (refused[error.code] ?? 0) + 1;
    }
  }
  return { sealed, accepted, refused };
}

function again(frame: ReturnType<typeof decodeFrame>): Uint8Array | Uint8Array[] {
  if (frame.message) return encodeMessage(frame.message, stamp);
  const { head, values } = encodeBulk(frame.bulk, stamp);
  return [head, values];
}

/** One to three changes. */
function mutate(frame: Buffer, below: Below): Buffer {
  for (let changes = 1 + below(3); changes > 0; changes--) frame = change(frame, below);
  return frame;
}

function change(frame: Buffer, below: Below): Buffer {
  switch (below(9)) {
    case 0: // a bit
      if (frame.length > 0) frame[below(frame.length)]! ^= 1 << below(8);
      return frame;
    case 1: // a field of the header
      if (frame.length >= 32) frame.writeUInt32LE(NUMBERS[below(NUMBERS.length)]!, 4 * below(8));
      return frame;
    case 2: // the version or the type
      if (frame.length >= 4) frame[2 + below(2)] = below(2) === 0 ? below(40) : below(256);
      return frame;
    case 3: // a word of the payload
      if (frame.length >= 40)
        frame.writeUInt32LE(NUMBERS[below(NUMBERS.length)]!, 32 + 4 * below((frame.length - 36) >> 2));
      return frame;
    case 4: // cut
      return frame.subarray(0, below(frame.length + 1));
    case 5: // longer
      return Buffer.concat([frame, Buffer.alloc(below(100), below(256))]);
    case 6: // nothing but chance
      return Buffer.from(Uint8Array.from({ length: below(200) }, () => below(256)));
    case 7: // another value in the JSON
      return withText(frame, (text) =>
        text.replace(/(?<=:)("[^"]*"|-?[\d.e+-]+|null)/g, (value) =>
          below(4) === 0 ? WORDS[below(WORDS.length)]! : value,
        ),
      );
    default: // another key, or a key less
      return withText(frame, (text) => {
        const keys = [...text.matchAll(/"(\w+)":/g)];
        const key = keys[below(Math.max(1, keys.length))]?.[1];
        return key === undefined ? text : text.replace(`"${key}":`, below(2) === 0 ? '"__proto__":' : `"${key}x":`);
      });
  }
}

function withText(frame: Buffer, change: (text: string) => string): Buffer {
  if (frame.length < 32 || frame[32] !== 0x7b) return frame;
  return Buffer.concat([frame.subarray(0, 32), Buffer.from(change(frame.toString('utf8', 32)))]);
}

/** Makes the length and the checksum right, by this file's own reading of the layout. */
function seal(frame: Buffer, good: boolean): Buffer {
  if (!good) return frame;
  frame.writeUInt16LE(0x4853, 0);
  frame.writeUInt16LE(0, 4);
  frame.writeUInt32LE(frame.length - 32, 24);
  frame.writeUInt32LE(0, 28);
  frame.writeUInt32LE(checksum([frame]), 28);
  return frame;
}

/** As one piece at any alignment, as a bulk frame is sent, or cut anywhere. */
function inPieces(bytes: Buffer, below: Below): Uint8Array | Uint8Array[] {
  const cut = below(3) === 0 ? 56 : below(bytes.length + 1);
  if (below(2) === 0) return Buffer.concat([Buffer.alloc(below(8)), bytes]).subarray(-bytes.length || bytes.length);
  return [bytes.subarray(0, cut), bytes.subarray(cut)];
}
