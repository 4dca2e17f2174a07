// cluster-job.ts: a small job in a folder of its own, with its data in files: what processes of a cluster can open. Nothing is learnt.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeIdx } from './idx-files.ts';
import { mlp } from './small-jobs.ts';

export interface ClusterJob {
  readonly folder: string;
  /** Of the job's file. */
  readonly path: string;
  readonly json: Readonly<Record<string, unknown>>;
  remove(): void;
}

/** By default ragged: batches of 30 over 8 micro-shards, a last batch of 6, which leaves two of them empty. */
export function clusterJob(changes: object = {}, samples = 96): ClusterJob {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-cluster-'));
  mkdirSync(join(folder, 'data'));
  writeIdx(join(folder, 'data'), 8, 4, samples, 40);
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
