// text-tokens.ts: ids of a text and back: its bytes, or the tokens of a tokenizer.json, read by the optional package
// @huggingface/tokenizers. It cuts no windows.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ShoalError } from '../../base/errors.ts';
import { importOptional } from '../optional-package.ts';

export interface Tokens {
  /** Ids are 0 to size - 1. */
  readonly size: number;
  encode(text: Uint8Array): Iterable<number>;
  decode(ids: readonly number[]): string;
  /** Of a token by its name; undefined where there is none. */
  id(token: string): number | undefined;
}

const bytes: Tokens = {
  size: 256,
  encode: (text) => text,
  decode: (ids) => Buffer.from(ids).toString('utf8'),
  id: () => undefined,
};

/** What we use of @huggingface/tokenizers. */
interface Library {
  readonly Tokenizer: new (
    tokenizer: object,
    config: object,
  ) => {
    encode(text: string, options: { add_special_tokens: boolean }): { readonly ids: readonly number[] };
    decode(ids: number[], options: { skip_special_tokens: boolean }): string;
    get_vocab(): ReadonlyMap<string, number>;
  };
}

/**
 * @param tokenizer "bytes", or the path of a tokenizer.json
 * @throws {ShoalError} SHOAL_DATA_MISSING, SHOAL_DATA_FORMAT, SHOAL_OPTIONAL_PACKAGE
 */
export async function openTokens(tokenizer: string): Promise<Tokens> {
  if (tokenizer === 'bytes') return bytes;
  const path = resolve(tokenizer);
  const operation = `read the tokenizer ${path}`;
  const fail = (code: `SHOAL_${string}`, hint: string, cause: unknown) => {
    const got = cause instanceof Error ? cause.message : String(cause);
    return new ShoalError({ code, operation, got, expected: '"bytes", or a tokenizer.json', hint }, { cause });
  };
  let file: string;
  try {
    file = readFileSync(path, 'utf8');
  } catch (cause) {
    throw fail('SHOAL_DATA_MISSING', 'Paths start from the working directory.', cause);
  }
  const name = '@huggingface/tokenizers';
  const found = await importOptional<Library & { readonly default?: Library }>(name, 'which splits text', operation);
  const { Tokenizer } = found.default ?? found; // its CommonJS build has everything in its default export
  try {
    const made = new Tokenizer(JSON.parse(file) as object, {});
    return {
      size: 1 + [...made.get_vocab().values()].reduce((most, id) => Math.max(most, id), 0),
      encode: (text) => made.encode(Buffer.from(text).toString('utf8'), { add_special_tokens: false }).ids,
      decode: (ids) => made.decode([...ids], { skip_special_tokens: true }),
      id: (token) => made.get_vocab().get(token),
    };
  } catch (cause) {
    throw fail('SHOAL_DATA_FORMAT', 'It is a file of the Hugging Face library tokenizers.', cause);
  }
}
