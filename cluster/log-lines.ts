// log-lines.ts: the lines of a commit log, one after another: a log of millions of steps is more than one string can hold. Not what they say.
import { readSync } from 'node:fs';

/** Whole lines, without their ends; again from the first for whoever asks again. */
export interface LogLines extends Iterable<string> {
  /** Bytes behind the last end of a line, once all lines are read: those of one that its writer was killed in. */
  readonly rest: number;
}

const PIECE = 2 ** 20;
const END = 0x0a;

/** @throws the file system's errors, while it is read */
export function fileLines(file: number): LogLines {
  let rest = Buffer.alloc(0);
  function* read(): Generator<string> {
    const piece = Buffer.alloc(PIECE);
    rest = Buffer.alloc(0);
    for (let at = 0; ; ) {
      const length = readSync(file, piece, 0, PIECE, at);
      if (length === 0) return;
      at += length;
      // bytes, not text: a piece may end inside a character, but no character holds the byte that ends a line
      const bytes = Buffer.concat([rest, piece.subarray(0, length)]);
      let from = 0;
      for (let to = bytes.indexOf(END); to >= 0; to = bytes.indexOf(END, from)) {
        yield bytes.toString('utf8', from, to);
        from = to + 1;
      }
      rest = bytes.subarray(from);
    }
  }
  return {
    get rest() {
      return rest.length;
    },
    [Symbol.iterator]: read,
  };
}

export function textLines(text: string): LogLines {
  const lines = text.split('\n');
  const rest = Buffer.byteLength(lines.pop()!);
  return { rest, [Symbol.iterator]: () => lines[Symbol.iterator]() };
}
