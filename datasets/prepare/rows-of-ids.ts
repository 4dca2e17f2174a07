// rows-of-ids.ts: texts of a shard as rows of ids of one length: each text a row, cut or filled up, or all texts packed one behind another.
import { ShoalError } from '../../base/errors.ts';
import { openTokens, type Tokens } from '../readers/text-tokens.ts';
import type { PrepareJob } from './job.ts';

export interface RowsOfIds {
  /** The rows that are whole now. @param key of the text, for messages */
  add(text: string, key: string): Int32Array[];
}

/** Names of the token between two texts; the first that the tokenizer has counts. */
const ENDS = ['<|endoftext|>', '<|im_end|>', '</s>', '<eos>', '[SEP]'];
/** Of the token behind a text that is shorter than a row. */
const PADS = ['[PAD]', '<pad>', '<|padding|>', ...ENDS];

type TokenJob = NonNullable<PrepareJob['tokens']>;

const first = ({ id }: Tokens, names: readonly string[]): number | undefined =>
  names.map(id).find((known) => known !== undefined);

/** @throws {ShoalError} SHOAL_DATA_MISSING, SHOAL_DATA_FORMAT, SHOAL_OPTIONAL_PACKAGE */
export async function openRowsOfIds({ tokenizer, length, pack }: TokenJob): Promise<RowsOfIds> {
  const tokens = await openTokens(tokenizer);
  const encode = (text: string, key: string): number[] => {
    const ids = [...tokens.encode(new TextEncoder().encode(text))];
    if (ids.length === 0) throw empty(key);
    return ids;
  };
  return pack ? packed(tokens, encode, length + 1) : single(tokens, encode, length);
}

/** A row begins where the one before it ends; what is left at a shard's end is no row. */
function packed(tokens: Tokens, encode: (text: string, key: string) => number[], width: number): RowsOfIds {
  const end = first(tokens, ENDS);
  let waiting: number[] = [];
  return {
    add(text, key) {
      waiting.push(...encode(text, key), ...(end === undefined ? [] : [end]));
      const rows: Int32Array[] = [];
      let at = 0;
      // the last id of a row is the first of the next: each id but the very first is told once
      for (; at + width <= waiting.length; at += width - 1) rows.push(Int32Array.from(waiting.slice(at, at + width)));
      waiting = waiting.slice(at);
      return rows;
    },
  };
}

function single(tokens: Tokens, encode: (text: string, key: string) => number[], width: number): RowsOfIds {
  const pad = first(tokens, PADS) ?? 0;
  return {
    add(text, key) {
      const row = new Int32Array(width).fill(pad);
      row.set(encode(text, key).slice(0, width));
      return [row];
    },
  };
}

const empty = (key: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_EMPTY',
    operation: `read ${key}`,
    got: 'a text without any token',
    expected: 'words',
    hint: 'Remove it.',
  });
