// data-look.ts: `shoal data verify`, `stats` and `inspect`: what they print. The reading is datasets/examine.ts and contact-sheet.ts.
import { existsSync, writeFileSync } from 'node:fs';
import { captionOf, contactSheet, drawSamples, inClasses } from '../../datasets/contact-sheet.ts';
import { compareHashes, type Examination, examine } from '../../datasets/examine.ts';
import { readManifest } from '../../datasets/prepare/manifest.ts';
import { scanDataset } from '../../datasets/readers/index.ts';
import { type Bad, COUNTED, isDataProblem, type Source } from '../../datasets/source.ts';
import { writing } from '../../datasets/write-error.ts';
import { type PrepFlags, sourceOptions } from '../input/prepare-options.ts';
import { untilInterrupted } from '../interrupt.ts';
import { showBad } from '../output/bad-samples.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { count, onOneLine, table } from '../output/format.ts';
import type { Screen } from '../output/screen.ts';
import { typed } from '../output/usage-error.ts';

export interface LookOptions extends Pick<PrepFlags, 'reader' | 'set'> {
  readonly json?: boolean;
}

export interface InspectOptions extends LookOptions {
  readonly html?: string;
  readonly samples?: number;
  readonly seed?: number;
}

/** What an interrupted look leaves. */
const NOTHING_STAYS = 'Nothing was written; the same command begins anew.';

/** Every sample is read and decoded, every hash compared. Ends with 1 where anything is wrong. */
export const verifyCommand = (path: string, options: LookOptions, screen: Screen): Promise<ExitCode> =>
  untilInterrupted(NOTHING_STAYS, screen, (signal) => verify(path, options, screen, signal));

async function verify(path: string, options: LookOptions, screen: Screen, signal: AbortSignal): Promise<ExitCode> {
  const prepared = existsSync(path) ? readManifest(path) : null;
  const hashes = prepared === null ? [] : await compareHashes(path, prepared.manifest, signal);
  const parts = Object.values(prepared?.manifest.parts ?? {});
  const planned = parts.reduce((sum, { samples }) => sum + samples, 0);
  const found = await examinedBeside(hashes, planned, path, options, signal);
  const bad = [...hashes, ...found.bad];
  if (options.json)
    screen.out(JSON.stringify({ event: 'verify', path, samples: found.samples, bad: bad.length, problems: bad }));
  else {
    showBad(bad, found.samples, screen);
    const good = bad.length === 0;
    const shards = parts.reduce((sum, part) => sum + part.shards.length, 0);
    const hashed = prepared === null ? '' : `, and ${shards} shards have their hashes`;
    screen.out(
      good ? `All ${count(found.samples)} samples can be read and decoded${hashed}.` : `${count(bad.length)} problems.`,
    );
  }
  return bad.length === 0 ? EXIT.done : EXIT.failed;
}

/** Of a prepared folder whose shards are missing or cut nothing is opened: that they are is told already. */
async function examinedBeside(
  hashes: readonly Bad[],
  planned: number,
  path: string,
  options: LookOptions,
  signal: AbortSignal,
): Promise<Pick<Examination, 'samples' | 'bad'>> {
  try {
    return await examined(await scanDataset(sourceOptions(path, options)), signal);
  } catch (error) {
    if (hashes.length === 0 || !isDataProblem(error)) throw error;
    return { samples: planned, bad: [] };
  }
}

export const statsCommand = (path: string, options: LookOptions, screen: Screen): Promise<ExitCode> =>
  untilInterrupted(NOTHING_STAYS, screen, (signal) => stats(path, options, screen, signal));

async function stats(path: string, options: LookOptions, screen: Screen, signal: AbortSignal): Promise<ExitCode> {
  const source = await scanDataset(sourceOptions(path, options));
  const { classes, places } = source;
  const found = await examined(source, signal);
  const { samples, parts, perClass, shapes, mean, std, bad } = found;
  const good = perClass.reduce((a, b) => a + b, 0);
  const weights = perClass.map((n) => (n === 0 ? 0 : Number((good / (perClass.length * n)).toFixed(4))));
  if (options.json) {
    const about = {
      samples,
      parts,
      classes,
      places: places ?? null,
      per_class: perClass,
      class_weights: weights,
      shapes: Object.fromEntries(shapes),
      mean,
      std,
      bad: bad.length,
    };
    screen.out(JSON.stringify({ event: 'stats', path, ...about }));
    return EXIT.done;
  }
  const rows = [
    [
      'samples',
      Object.entries(parts)
        .map(([name, n]) => (name === 'all' ? count(n) : `${name} ${count(n)}`))
        .join('  ') || '0',
    ],
  ];
  if (bad.length > 0) rows.push(['bad', `${count(bad.length)}: shoal data verify ${typed(path)}`]);
  for (const [shape, n] of shapes.slice(0, 5))
    rows.push(['each', shapes.length === 1 ? shape : `${shape}: ${count(n)}`]);
  if (shapes.length > 5) rows.push(['', `and ${shapes.length - 5} other shapes`]);
  if (mean !== null && std !== null) rows.push(['mean', mean.join(' ')], ['deviation', std.join(' ')]);
  screen.out(table(rows));
  if (classes !== null) {
    const lines = classes.map((name, i) => [
      String(i),
      onOneLine(name),
      count(perClass[i]!),
      `${((100 * perClass[i]!) / Math.max(1, good)).toFixed(1)} %`,
      weights[i]!.toFixed(3),
    ]);
    screen.out(
      `\n${table([['label', 'class', places === undefined ? 'samples' : COUNTED[places], 'share', 'weight'], ...lines], [0, 2, 3, 4])}`,
    );
  }
  return EXIT.done;
}

export async function inspectCommand(path: string, options: InspectOptions, screen: Screen): Promise<ExitCode> {
  const { samples = 48, seed = 0, html } = options;
  const source = await scanDataset(sourceOptions(path, options));
  try {
    const { entries, classes, places, bad } = source;
    const drawn = drawSamples(source, html === undefined ? Math.min(samples, 10) : samples, seed);
    if (html !== undefined) {
      const page = await contactSheet(source, { title: path, samples, seed });
      writing(html, () => writeFileSync(html, page));
    }
    const about = { samples: entries.length, classes, places: places ?? null, bad: bad.length };
    if (options.json) {
      screen.out(
        JSON.stringify({
          event: 'inspect',
          path,
          ...about,
          drawn: drawn.map(({ key, label, boxes }) => ({ key, label, ...(boxes && { boxes }) })),
          html: html ?? null,
        }),
      );
      return EXIT.done;
    }
    screen.out(
      `${count(entries.length)} samples${inClasses(source)}${bad.length > 0 ? `, ${count(bad.length)} refused` : ''}`,
    );
    const rows = drawn
      .slice(0, 10)
      .map((entry) => [entry.part ?? '', onOneLine(captionOf(source, entry)), JSON.stringify(entry.key)]);
    screen.out(table(rows));
    screen.out(
      html === undefined
        ? `\nSee them: shoal data inspect ${typed(path)} --html sheet.html`
        : `\n${typed(html)} shows ${drawn.length} of them.`,
    );
    return EXIT.done;
  } finally {
    await source.close();
  }
}

async function examined(source: Source, signal: AbortSignal): Promise<Examination> {
  try {
    return await examine(source, signal);
  } finally {
    await source.close();
  }
}
