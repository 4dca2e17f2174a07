// prepare-options.ts: the options of `shoal data prep` as the command line writes them. What they mean is datasets/prepare/.
import { existsSync } from 'node:fs';
import { check } from '../../base/check.ts';
import { ShoalError } from '../../base/errors.ts';
import { isUrl } from '../../datasets/files.ts';
import { type PrepareJob, prepareSchema } from '../../datasets/prepare/job.ts';
import type { PrepareOptions } from '../../datasets/prepare/run.ts';
import { guessReader } from '../../datasets/readers/guess.ts';
import { readerNames } from '../../datasets/readers/index.ts';
import { usageError } from '../output/usage-error.ts';

export interface PrepFlags {
  readonly reader?: string;
  readonly set?: readonly string[];
  readonly format?: string;
  readonly transform?: string;
  readonly encode?: string;
  readonly quality?: number;
  readonly shardSize?: number;
  readonly seed?: number;
  readonly split?: string;
  readonly shuffle: boolean;
  readonly stratify: boolean;
  readonly group?: string;
  readonly dedup?: string;
  readonly tokenizer?: string;
  readonly length?: number;
  readonly pack?: boolean;
  /** false: those of the source are forgotten. */
  readonly ownParts?: false;
}

/** A reader's options: from its name, or guessed from the path, with what --set says. @throws SHOAL_USAGE */
export function sourceOptions(source: string, flags: Pick<PrepFlags, 'reader' | 'set'>): { reader: string } {
  const named = flags.reader ?? (source === 'digits' ? 'digits' : guessReader(source));
  if (named === null && source !== '-' && !isUrl(source) && !existsSync(source))
    throw new ShoalError({
      code: 'SHOAL_DATA_MISSING',
      operation: `read ${source}`,
      got: 'nothing there',
      expected: 'a folder, a file or a URL',
      hint: 'Paths are relative to the working directory.',
    });
  if (named === null) {
    const hint = `Name it with --reader: ${readerNames.join(', ')}.`;
    throw usageError(
      `read ${source}`,
      'a path that no reader is known for',
      'a folder, or a file of a known kind',
      hint,
    );
  }
  const options: Record<string, unknown> = { reader: named, ...(source !== named && { path: source }) };
  for (const assignment of flags.set ?? []) {
    const at = assignment.indexOf('=');
    if (at < 1)
      throw usageError('set an option of the reader', assignment, 'KEY=VALUE', 'For example --set label=species.');
    options[assignment.slice(0, at)] = jsonOrText(assignment.slice(at + 1));
  }
  return options as { reader: string };
}

/** JSON where it is, else text. */
function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** @throws SHOAL_USAGE */
export function prepareJob(source: string, flags: PrepFlags): PrepareJob {
  const given = {
    source: sourceOptions(source, flags),
    format: flags.format,
    transform: flags.transform === undefined ? undefined : parseTransform(flags.transform),
    encode: flags.encode,
    quality: flags.quality,
    shardSize: flags.shardSize,
    seed: flags.seed,
    shuffle: flags.shuffle,
    split: flags.split === undefined ? undefined : parseSplit(flags.split),
    stratify: flags.stratify,
    group: flags.group === undefined ? undefined : patternOf(flags.group),
    dedup: flags.dedup,
    ownParts: flags.ownParts,
    tokens: tokensOf(flags),
  };
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const hint = 'shoal data prep --help tells what there is.';
  return check(prepareSchema, present, { code: 'SHOAL_USAGE', operation: 'prepare data', hint });
}

/** As it stands, if it is a pattern. @throws SHOAL_USAGE */
function patternOf(text: string): string {
  try {
    new RegExp(text);
    return text;
  } catch (error) {
    throw usageError(
      'read --group',
      (error as Error).message,
      'a regular expression',
      "For example --group '^([^/]+)'.",
    );
  }
}

/** How texts become ids; undefined where nothing is said of it. @throws SHOAL_USAGE */
function tokensOf({ tokenizer, length, pack = false }: PrepFlags): object | undefined {
  if (tokenizer !== undefined && length !== undefined) return { tokenizer, length, pack };
  if (tokenizer === undefined && length === undefined && !pack) return undefined;
  const got = tokenizer === undefined ? 'no --tokenizer' : 'no --length';
  const hint = 'For example --tokenizer tokenizer.json --length 512 --pack.';
  throw usageError('turn texts into ids', got, '--tokenizer and --length, and with them perhaps --pack', hint);
}

/** "resize=256", "resize=224x224", "resize=256,crop=224,fit=contain,channels=1". */
export function parseTransform(text: string): object {
  const parts = text.split(',').map((part) => {
    const at = part.indexOf('=');
    return at < 0 ? ([part] as const) : ([part.slice(0, at), part.slice(at + 1)] as const);
  });
  const { resize, crop, fit, channels, ...others } = Object.fromEntries(parts) as Record<string, string | undefined>;
  const wrong = (got: string) => {
    const expected = 'resize=256 (shorter side), resize=ROWSxCOLUMNS, crop=..., fit=cover|contain|fill, channels=1|3';
    return usageError('read --transform', got, expected, 'For example --transform resize=256,crop=224.');
  };
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) throw wrong(unknown);
  const twice = parts.find(([name], i) => parts.findIndex(([other]) => other === name) < i);
  if (twice !== undefined) throw wrong(`${twice[0]} twice`);
  const numbers = (value: string): number[] => {
    if (!/^\d+(x\d+)?$/.test(value)) throw wrong(value);
    return value.split('x').map(Number);
  };
  const box = ([rows, columns = rows]: number[]) => ({ rows, columns });
  const size = resize === undefined ? null : numbers(resize);
  if (fit !== undefined && size?.length !== 2) throw wrong(`fit=${fit} without resize=ROWSxCOLUMNS`);
  return {
    resize: size === null ? null : size.length === 2 ? { ...box(size), fit: fit ?? 'cover' } : { shorter: size[0] },
    crop: crop === undefined ? null : box(numbers(crop)),
    ...(channels !== undefined && { channels: Number(channels) }),
  };
}

/** "0.8/0.1/0.1": training, validation, test; "0.9/0.1": training and test. */
export function parseSplit(text: string): { validation: number; test: number } {
  const shares = text.split('/').map((share) => (share.trim() === '' ? Number.NaN : Number(share)));
  const sum = shares.reduce((a, b) => a + b, 0);
  if ((shares.length === 2 || shares.length === 3) && shares.every((x) => x >= 0) && Math.abs(sum - 1) < 1e-9)
    return { validation: shares.length === 3 ? shares[1]! : 0, test: shares.at(-1)! };
  throw usageError('read --split', text, 'shares that add up to 1', 'For example --split 0.8/0.1/0.1, or 0.9/0.1.');
}

/** "100", or "5%". */
export function parseMaxErrors(text: string): PrepareOptions['maxErrors'] {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text);
  const value = Number(match?.[1]);
  if (match?.[2] === '%' && value <= 100) return { share: value / 100 };
  if (match?.[2] === '' && Number.isInteger(value)) return { count: value };
  throw usageError(
    'read --max-errors',
    text,
    'a whole number, or a share with %',
    'For example --max-errors 100, or 5%.',
  );
}
