// images.ts: decode, resize, encode: images a second of `shoal data prep`, beside a bare sharp loop, Pillow and torchvision on the same JPEGs. Start-up is left out.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { draws, seedWords } from '../base/random.ts';
import { prepareSchema } from '../datasets/prepare/job.ts';
import { prepareDataset } from '../datasets/prepare/run.ts';
import { pythonFigures } from './peers/figures.ts';
import { median } from './probe.ts';
import type { BenchRow } from './table.ts';

/** Of a turn; ImageNet's usual size. */
const IMAGES = 768;
/** Written to the disk, and waited for, at its end: of 10,000 by default, this is nothing; of 16 it was a tenth of the time. */
const SHARD = 64;
const [WIDTH, HEIGHT] = [500, 375];
/** Shorter side afterwards, and the quality of the JPEGs that are written. */
const SHORTER = 256;
const QUALITY = 95;

/** Pieces of real pictures (SHOAL_PICTURES: a folder of some), else of a made one whose detail falls with its fineness, as in photographs. */
async function makeImages(folder: string): Promise<void> {
  const word = draws(seedWords(1), 0, 0, 0);
  const own = process.env['SHOAL_PICTURES'];
  const pictures = own
    ? readdirSync(own)
        .filter((name) => /\.jpe?g$/.test(name))
        .map((name) => readFileSync(join(own, name)))
    : [await madePicture()];
  mkdirSync(join(folder, 'a'));
  for (let i = 0; i < IMAGES; i++) {
    const picture = sharp(pictures[i % pictures.length]!);
    const { width, height } = await picture.metadata();
    const scale = 0.6 + (word(3 * i) % 400) / 1000;
    const [w, h] = [Math.floor(width * scale), Math.floor(height * scale)];
    const region = { left: word(3 * i + 1) % (width - w), top: word(3 * i + 2) % (height - h), width: w, height: h };
    const jpeg = await picture.extract(region).resize(WIDTH, HEIGHT, { fit: 'fill' }).jpeg({ quality: 90 }).toBuffer();
    writeFileSync(join(folder, 'a', `${String(i).padStart(4, '0')}.jpg`), jpeg);
  }
}

async function madePicture(): Promise<Buffer> {
  const word = draws(seedWords(2), 0, 0, 0);
  const layers = await Promise.all(
    [4, 8, 16, 32, 64, 128, 256].map(async (side, at) => {
      const raw = Buffer.from(Uint8Array.from({ length: side * side * 3 }, (_, i) => word(at * 2 ** 20 + i) & 255));
      return sharp(raw, { raw: { width: side, height: side, channels: 3 } })
        .resize(640, 480, { fit: 'fill', kernel: 'cubic' })
        .raw()
        .toBuffer();
    }),
  );
  const sum = Buffer.from(
    layers[0]!.map((_, i) => layers.reduce((value, layer, at) => value + layer[i]! * 2 ** -(at + 1), 0)),
  );
  return sharp(sum, { raw: { width: 640, height: 480, channels: 3 } })
    .jpeg({ quality: 95 })
    .toBuffer();
}

/** From the first shard of each thread on. */
async function ours(folder: string, out: string, threads: number): Promise<number> {
  rmSync(out, { recursive: true, force: true });
  let [since, from, last, samples] = [0, 0, 0, 0];
  await prepareDataset({
    job: prepareSchema.parse({
      source: { reader: 'folder', path: folder },
      transform: { resize: { shorter: SHORTER } },
      encode: 'jpg',
      quality: QUALITY,
      shardSize: SHARD,
      split: { test: 0 },
      dedup: 'none',
    }),
    out,
    threads,
    mode: 'incremental',
    maxErrors: { count: 0 },
    task: null,
    version: 'bench',
    signal: new AbortController().signal,
    onProgress: (progress) => {
      if (progress.shards <= threads) [since, from] = [performance.now(), progress.samples];
      [last, samples] = [performance.now(), progress.samples];
    },
  });
  return (1000 * (samples - from)) / (last - since);
}

/** The shortest program that does as much with the same library. */
async function bare(folder: string, loops: number): Promise<number> {
  sharp.concurrency(1);
  sharp.cache(false);
  const files = readdirSync(join(folder, 'a')).map((name) => join(folder, 'a', name));
  let next = 0;
  const since = performance.now();
  const loop = async (): Promise<void> => {
    for (let i = next++; i < files.length; i = next++)
      await sharp(readFileSync(files[i]!))
        .resize(SHORTER, SHORTER, { fit: 'outside' })
        .jpeg({ quality: QUALITY })
        .toBuffer();
  };
  await Promise.all(Array.from({ length: loops }, loop));
  return (1000 * files.length) / (performance.now() - since);
}

export async function benchImages(rounds: number): Promise<BenchRow[]> {
  const home = mkdtempSync(join(tmpdir(), 'shoal-bench-images-'));
  const folder = join(home, 'source');
  mkdirSync(folder);
  try {
    await makeImages(folder);
    const turns: Record<string, number[]>[] = [{}, {}];
    // one thread and two in turns: how fast the machine is changes by minutes
    for (let round = 0; round < rounds; round++)
      for (const [i, figures] of turns.entries()) {
        const measured = {
          ours: await ours(folder, join(home, 'out'), i + 1),
          'bare sharp': await bare(folder, i + 1),
          ...pythonFigures('images.py', join(folder, 'a'), String(i + 1)),
        };
        for (const [name, figure] of Object.entries(measured)) figures[name] = [...(figures[name] ?? []), figure];
      }
    const rows = turns.map(({ ours: own, ...peers }, i): BenchRow => {
      const ratio = median(own!.map((figure, round) => figure / peers['bare sharp']![round]!));
      return {
        name: `decode, resize, encode; ${i === 0 ? 'one thread' : 'two threads'}, images/s`,
        ours: median(own!),
        peers: Object.fromEntries(Object.entries(peers).map(([who, list]) => [who, median(list)])),
        ratio,
      };
    });
    const [one, two] = turns.map((figures) => figures['ours']!) as [number[], number[]];
    rows.push({
      name: 'two threads over one',
      ours: median(two.map((figure, round) => figure / one[round]!)),
      peers: {},
      ratio: null,
    });
    return rows;
  } finally {
    rmSync(home, { recursive: true });
  }
}
