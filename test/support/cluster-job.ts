// cluster-job.ts: a small job in a folder of its own, with its data in files: what processes of a cluster can open. Nothing is learnt.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { draws } from '../../base/random.ts';
import { mlp } from './small-jobs.ts';

export interface ClusterJob {
  readonly folder: string;
  /** Of the job's file. */
  readonly path: string;
  readonly json: Readonly<Record<string, unknown>>;
  remove(): void;
}

const u32 = (...values: number[]): number[] =>
  values.flatMap((value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);

/** Images 8 x 8 and labels 0 to 3, as IDX files. */
function writeData(folder: string, train: number, test: number): void {
  mkdirSync(folder);
  for (const [part, length, seed] of [
    ['train', train, 1],
    ['t10k', test, 2],
  ] as const) {
    const random = draws([seed, 0], 0, 0, 0);
    const labels = Uint8Array.from({ length }, (_, i) => random(i) & 3);
    const images = Uint8Array.from({ length: 64 * length }, (_, i) => random(length + i) & 255);
    writeFileSync(
      join(folder, `${part}-images-idx3-ubyte`),
      [...u32(0x803, length, 8, 8), ...images].map(byte).join(''),
      'latin1',
    );
    writeFileSync(
      join(folder, `${part}-labels-idx1-ubyte`),
      [...u32(0x801, length), ...labels].map(byte).join(''),
      'latin1',
    );
  }
}
const byte = (value: number): string => String.fromCharCode(value);

/** By default ragged: batches of 30 over 8 micro-shards, a last batch of 6, which leaves two of them empty. */
export function clusterJob(changes: object = {}, samples = 96): ClusterJob {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-cluster-'));
  writeData(join(folder, 'data'), samples, 40);
  const json = {
    name: 'small',
    model: { class_name: 'Sequential', config: { name: 'small', layers: mlp } },
    data: { reader: 'idx', path: join(folder, 'data'), classes: 4 },
    loss: 'sparse_categorical_crossentropy',
    metrics: ['accuracy', 'confusion_matrix'],
    optimizer: 'adam',
    epochs: 3,
    batch: 30,
    microShards: 8,
    checkpoint: { everySteps: 3 },
    ...changes,
  };
  const path = join(folder, 'small.json');
  writeFileSync(path, JSON.stringify(json));
  return { folder, path, json, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
