// text.ts: plain text as windows of ids, and what is to be told of each: the next id of each place, words that were hidden, or the
// document. Tokens are bytes, or a tokenizer's (text-tokens.ts).
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { ShoalError } from '../../base/errors.ts';
import { draws, SITE, seedWords } from '../../base/random.ts';
import { blobSource } from '../blob-source.ts';
import { readerFromArrays } from '../from-arrays.ts';
import type { Reader } from '../reader.ts';
import type { Entry, Source } from '../source.ts';
import { defineReader } from './define.ts';
import { maskedWords } from './masked-words.ts';
import { namedTexts, readTexts } from './text-files.ts';
import { openTokens } from './text-tokens.ts';

const schema = strict({
  reader: z.literal('text'),
  /** A text file, or a directory whose files are read in the order of their names; relative to the working directory. */
  path: z.string().min(1),
  /** Ids in a window. */
  length: z.int().positive().default(128),
  /** What a text is to preparation: a file, or each of its paragraphs or lines that is not empty. */
  documents: z.enum(['file', 'paragraph', 'line']).default('file'),
  /** From one window's start to the next. Default: `length`. */
  stride: z.int().positive().optional(),
  /** What is to be told: the id after each place, those of hidden words, or the number of the file. */
  task: z.enum(['next', 'masked', 'document']).default('next'),
  /** Share of a window's places that are hidden. */
  maskRate: z.number().gt(0).lt(1).default(0.15),
  /** "bytes", or the path of a tokenizer.json. */
  tokenizer: z.string().min(1).default('bytes'),
  /** Every so many windows one is held out. */
  heldOutEvery: z.int().min(2).default(10),
  /** Decides which words are hidden, and how. */
  seed: z.int().nonnegative().default(0),
});
type Config = z.output<typeof schema>;

/** Whether a job's data are windows of text whose next ids are learnt: such a run can go on with a text. */
export const learnsNext = ({ reader, task = 'next' }: { readonly reader: string; readonly task?: unknown }): boolean =>
  reader === 'text' && task === 'next';

/** All texts one after another, and where each ends. */
interface Corpus {
  readonly ids: Int32Array;
  readonly ends: readonly number[];
  /** Ids are 0 to vocabulary - 1. */
  readonly vocabulary: number;
}

export const text = defineReader({
  schema,
  scan: async ({ path, documents }) => scanDocuments(path, documents),
  opening: ['length', 'stride', 'task', 'maskRate', 'tokenizer', 'heldOutEvery', 'seed'],
  async open(config) {
    const corpus = await readCorpus(config);
    const starts = windowsOf(corpus, config);
    const part = (heldOut: boolean): Reader =>
      toReader(
        corpus,
        config,
        starts
          .map((start, i) => ({ start, i }))
          .filter(({ i }) => (i % config.heldOutEvery === config.heldOutEvery - 1) === heldOut),
      );
    return { train: part(false), test: part(true) };
  },
});

const CUTS = { file: null, paragraph: /\n[^\S\n]*\n\s*/, line: /\n/ } as const;

/** Whole texts, for preparation. */
function scanDocuments(path: string, documents: Config['documents']): Source {
  const cut = CUTS[documents];
  const texts = namedTexts(path).flatMap(({ name, bytes }) => {
    if (cut === null) return [{ key: name, bytes: new Uint8Array(bytes) }];
    const pieces = bytes.toString('utf8').replaceAll('\r\n', '\n').split(cut);
    return pieces.flatMap((piece, i) =>
      piece.trim() === ''
        ? []
        : [{ key: `${name}#${String(i).padStart(8, '0')}`, bytes: new TextEncoder().encode(piece) }],
    );
  });
  const entries = texts.map(({ key }, i): Entry => ({ key, part: null, label: null, at: [i] }));
  return blobSource(
    { entries, classes: null, bad: [] },
    'text',
    texts.map(({ bytes }) => bytes),
  );
}

async function readCorpus({ path, tokenizer }: Config): Promise<Corpus> {
  const tokens = await openTokens(tokenizer);
  const documents = readTexts(path).map((document) => Int32Array.from(tokens.encode(document)));
  const ids = new Int32Array(documents.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  const ends = documents.map((document) => {
    ids.set(document, at);
    at += document.length;
    return at;
  });
  return { ids, ends, vocabulary: tokens.size };
}

/** The number of the text that an id belongs to. */
const documentAt = ({ ends }: Corpus, at: number): number => ends.findIndex((end) => at < end);

/** Where windows start. @throws {ShoalError} SHOAL_DATA_EMPTY */
function windowsOf(corpus: Corpus, { path, length, stride = length, task, heldOutEvery }: Config): readonly number[] {
  const { ids } = corpus;
  const reach = task === 'next' ? length + 1 : length; // the last place's next id
  const all = Array.from({ length: Math.max(0, Math.floor((ids.length - reach) / stride) + 1) }, (_, i) => i * stride);
  const within = (start: number) => documentAt(corpus, start) === documentAt(corpus, start + length - 1);
  const starts = task === 'document' ? all.filter(within) : all;
  if (starts.length >= heldOutEvery) return starts;
  throw new ShoalError({
    code: 'SHOAL_DATA_EMPTY',
    operation: `cut ${path} into windows`,
    got: `${ids.length} tokens`,
    expected: `at least ${heldOutEvery} windows of ${length}`,
    hint: 'Shorten length or heldOutEvery, or add text.',
  });
}

/** `i`: a window's number among all, which its hidden words are keyed by. */
function toReader(
  corpus: Corpus,
  config: Config,
  windows: readonly { readonly start: number; readonly i: number }[],
): Reader {
  const { ids, vocabulary, ends } = corpus;
  const { length, task, maskRate, seed, path } = config;
  const image = new Int32Array(windows.length * length);
  const label = new Int32Array(task === 'document' ? windows.length : image.length);
  windows.forEach(({ start, i }, row) => {
    const window = ids.subarray(start, start + length);
    const hidden =
      task === 'masked' ? maskedWords(window, maskRate, vocabulary, draws(seedWords(seed), i, SITE.mask, 0)) : null;
    image.set(hidden?.[0] ?? window, row * length);
    if (task === 'document') label[row] = documentAt(corpus, start);
    else label.set(hidden?.[1] ?? ids.subarray(start + 1, start + 1 + length), row * length);
  });
  return readerFromArrays({
    fields: {
      image: { shape: [length], dtype: 'i32' },
      label: { shape: task === 'document' ? [] : [length], dtype: 'i32' },
    },
    data: { image, label },
    // the last id stands for a hidden word
    classes: task === 'document' ? ends.length : task === 'masked' ? vocabulary + 1 : vocabulary,
    origin: path,
  });
}
