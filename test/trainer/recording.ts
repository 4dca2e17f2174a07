// recording.ts: the folder of a tiny run on a disk in memory, and versions of it whose values tell their step. No test.
import assert from 'node:assert/strict';
import type { EpochEvent, Metrics, RunEvent, StartEvent } from '../../trainer/events.ts';
import { readSmall } from '../../trainer/files.ts';
import { readTfjs } from '../../trainer/import/tfjs.ts';
import { type Job, parseJob } from '../../trainer/job.ts';
import { createRun, openRun } from '../../trainer/run-folder.ts';
import { type RunRecorder, recordRun } from '../../trainer/run-recorder.ts';
import { freshSnapshot, type Snapshot } from '../../trainer/snapshot.ts';
import { MemoryDisk } from './memory-disk.ts';

/** A job as JSON; `layers` before its Dense layer. */
export const json = (layers: object[] = []) => ({
  name: 'tiny',
  model: {
    class_name: 'Sequential',
    config: {
      name: 'tiny',
      layers: [
        { class_name: 'InputLayer', config: { batch_shape: [null, 2, 2, 2] } },
        ...layers,
        { class_name: 'Flatten', config: { name: 'flatten' } },
        { class_name: 'Dense', config: { name: 'dense', units: 3, activation: 'softmax' } },
      ],
    },
  },
  data: { reader: 'arrays' },
  loss: 'sparse_categorical_crossentropy',
  optimizer: 'adam',
  batch: 8,
  epochs: 5,
  checkpoint: { keep: 2 },
});
export const job: Job = parseJob(json(), 'tiny.json');
export const PARAMETERS = 8 * 3 + 3;
export const data = { train: 'a', test: 'b' };
export const profile = { arithmetic: 'fused', kernels: 'k' } as const;

/** Values that tell the version. */
export function snapshotAt(version: number, of: Job = job): Snapshot {
  const parameters = new Float32Array(of === job ? PARAMETERS : 0).fill(version);
  const fresh = freshSnapshot(of, { parameters, state: new Float32Array(0) });
  for (const [name, slot] of Object.entries(fresh.slots)) slot.fill(version + name.length / 100);
  return { ...fresh, version };
}

interface Recording {
  readonly recorder: RunRecorder;
  readonly events: RunEvent[];
  save(step: number, accuracy?: number): Promise<void>;
  problems(): string[];
}

/** Begins to record a run, or to go on with one. */
export async function record(disk: MemoryDisk, path: string, resumed = false, of: Job = job): Promise<Recording> {
  const events: RunEvent[] = [];
  const emit = (event: RunEvent) => {
    events.push(event);
    recorder.note(event);
  };
  const from = resumed ? (await openRun(path, of, disk)).checkpoint : null;
  const recorder = await recordRun({ path, job: of, tool: 'test', data, from, emit, files: disk });
  const start = { event: 'start', name: 'tiny', profile, from: from?.manifest.step ?? 0 } as StartEvent;
  emit(start);
  return {
    recorder,
    events,
    save(step, accuracy) {
      const metrics: Metrics | null = accuracy === undefined ? null : { loss: 1, accuracy };
      const epoch: EpochEvent = { event: 'epoch', epoch: step, train: { loss: 2 }, metrics, wall_s: 1 };
      emit(epoch);
      return recorder.save(snapshotAt(step), { epoch: step, epochEnd: true, metrics });
    },
    problems: () => events.flatMap((event) => (event.event === 'problem' ? [event.problem.code] : [])),
  };
}

export const text = async (disk: MemoryDisk, path: string) =>
  new TextDecoder().decode(await readSmall(disk, path, 1e9));

/** The lines of a run's events.jsonl. */
export const eventsOf = async (disk: MemoryDisk, path: string): Promise<RunEvent[]> =>
  (await text(disk, `${path}/events.jsonl`))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);

/** The step that an exported model says it is from; its weights are checked against that. */
export async function exportedStep(disk: MemoryDisk, directory: string): Promise<number> {
  const { weights } = await readTfjs(`${directory}/model.json`, disk);
  const { step } = JSON.parse(await text(disk, `${directory}/model.json`)).userDefinedMetadata.shoal;
  for (const { data: values } of weights!) assert.ok(values.every((value) => value === step));
  return step;
}

/** With the folder of a run that has just been made. */
export async function newDisk(): Promise<{ disk: MemoryDisk; path: string }> {
  const disk = new MemoryDisk();
  return { disk, path: await createRun('/runs', job, disk) };
}
