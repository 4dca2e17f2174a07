// define.ts: what a kind of dataset gives to the registry. Not the registry (index.ts).
import type { z } from 'zod';
import type { Dataset } from '../reader.ts';
import type { Source } from '../source.ts';

export interface ReaderKind<Schema extends z.ZodObject> {
  /** Strict; its key `reader` is a literal: the kind's name in a job. */
  readonly schema: Schema;
  /** @throws {ShoalError} SHOAL_DATA_*, naming the file, what was expected and what was found */
  open(config: z.output<Schema>): Promise<Dataset>;
  /** The samples before decoding, for preparation. Without it, preparation takes the samples of `open`. */
  scan?(config: z.output<Schema>): Promise<Source>;
  /** Further keys that `scan` has no use for, beside those of images, places and held-out parts. Default none. */
  readonly opening?: readonly (keyof z.output<Schema> & string)[];
}

/** Infers the configuration's type from its schema. */
export const defineReader = <Schema extends z.ZodObject>(kind: ReaderKind<Schema>): ReaderKind<Schema> => kind;
