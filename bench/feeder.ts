// feeder.ts: images a second that the data threads augment by the standard recipe and put into input slots, beside PyTorch's DataLoader with as many
// workers. Both read uint8 images from memory; ours stay bytes, which a kernel of the training step makes floats. Start-up is left out.
import { draws, seedWords } from '../base/random.ts';
import { type AugmentConfig, augmentSchema } from '../datasets/augment/index.ts';
import { createFeeder } from '../datasets/feeder.ts';
import { readerFromArrays } from '../datasets/from-arrays.ts';
import type { Reader } from '../datasets/reader.ts';
import { loadKernels } from '../kernels/load.ts';
import { pythonFigures } from './peers/figures.ts';
import { median } from './probe.ts';
import { type BenchRow, benchRow } from './table.ts';

const [IMAGES, SIDE, SIZE, BATCH] = [256, 256, 224, 32];
/** Steps that are asked for at a time; one such message is under way while another is waited for. */
const AHEAD = 4;
const ROW = SIZE * SIZE * 3;
const LEAF = BATCH * (ROW + 4);

function images(): Reader {
  const word = draws(seedWords(1), 0, 0, 0);
  const image = new Uint8Array(new SharedArrayBuffer(IMAGES * SIDE * SIDE * 3));
  for (let i = 0; i < image.length; i++) image[i] = (i * 31 + word(i >> 8)) & 255;
  const fields = { image: { shape: [SIDE, SIDE, 3], dtype: 'u8' }, label: { shape: [], dtype: 'i32' } } as const;
  const label = Int32Array.from({ length: IMAGES }, (_, i) => i % 10);
  return readerFromArrays({ fields, data: { image, label }, classes: 10 });
}

/** Images a second. */
async function ours(reader: Reader, configs: readonly AugmentConfig[], threads: number, seconds: number) {
  const memory = new SharedArrayBuffer(2 * AHEAD * LEAF);
  const layout = {
    leafBytes: LEAF,
    fields: { image: { at: 0, rowBytes: ROW }, label: { at: BATCH * ROW, rowBytes: 4 } },
  };
  const augment = { configs, seed: seedWords(1), heldOut: false, kernels: loadKernels() };
  const feeder = createFeeder({ reader, transforms: [], augment, memory, layout, threads });
  const order = Uint32Array.from({ length: BATCH }, (_, i) => (i * 37) % IMAGES);
  let step = 0;
  const fill = (half: number): Promise<void> =>
    feeder.fill(
      Array.from({ length: AHEAD }, (_, i) => ({
        address: (half * AHEAD + i) * LEAF,
        leaves: [BATCH],
        indices: order,
        drawn: { step: step++, place: 0, shards: [BATCH] },
      })),
    );
  await fill(0); // threads start
  let next = fill(0);
  let done = 0;
  const since = performance.now();
  let took = 0;
  for (let half = 1; took < 1000 * seconds; half = 1 - half) {
    const ready = next;
    next = fill(half);
    await ready;
    done += AHEAD * BATCH;
    took = performance.now() - since;
  }
  await next;
  await feeder.close();
  return (1000 * done) / took;
}

export async function benchFeeder(rounds: number, seconds: number): Promise<BenchRow[]> {
  const configs = [
    { class_name: 'RandomResizedCrop', config: { size: SIZE } },
    { class_name: 'RandomHorizontalFlip', config: {} },
  ].map((one) => augmentSchema.parse(one));
  const reader = images();
  const rows: BenchRow[] = [];
  for (const threads of [1, 2]) {
    const figures = new Map<string, number[]>();
    const note = (who: string, figure: number) => figures.set(who, [...(figures.get(who) ?? []), figure]);
    for (let round = 0; round < rounds; round++) {
      note('ours', await ours(reader, configs, threads, seconds));
      for (const [who, figure] of Object.entries(pythonFigures('loader.py', String(threads), String(seconds))))
        note(who, figure);
    }
    const [[, own], ...peers] = [...figures].map(([who, all]) => [who, median(all)] as const) as [
      readonly [string, number],
      ...(readonly [string, number])[],
    ];
    const name = `standard augmentation to 224, ${threads === 1 ? 'one data thread' : 'two data threads'}, images/s`;
    rows.push(benchRow(name, own, Object.fromEntries(peers)));
  }
  return rows;
}
