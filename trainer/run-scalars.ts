// run-scalars.ts: a run's figures in TensorBoard's files: train/ and validation/ of its folder. Not the format (export/tensorboard.ts).
import type { Metrics, RunEvent } from './events.ts';
import { createEventFile, type EventFile } from './export/tensorboard.ts';
import type { Files } from './files.ts';

export interface RunScalars {
  /** Takes what an event has to show; the next flush writes it. */
  note(event: RunEvent): void;
  /** If it fails, nothing is lost: a later flush writes it. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Curves over steps: each batch's loss and metrics as "batch/loss"; at the end of each epoch its means as "loss", beside those on
 * held-out data of the same name, so that TensorBoard draws both into one chart.
 * @param from steps done before; TensorBoard forgets what an earlier part of the run showed after them
 * @throws the file system's errors
 */
export async function createRunScalars(directory: string, from: number, files: Files): Promise<RunScalars> {
  const options = { files, ...(from > 0 && { firstStep: from + 1 }) };
  const train = await createEventFile(`${directory}/train`, options);
  const validation = await createEventFile(`${directory}/validation`, options);
  let step = from;
  return {
    note(event) {
      if (event.event === 'step') {
        step = event.step;
        scalars(train, { loss: event.loss, ...event.metrics }, step, 'batch/');
      } else if (event.event === 'epoch') {
        scalars(train, event.train, step);
        scalars(validation, event.metrics ?? {}, step);
      }
    },
    async flush() {
      await train.flush();
      await validation.flush();
    },
    async close() {
      await train.close();
      await validation.close();
    },
  };
}

/** Figures that are one number: figures for each class, and matrices, have no curve. */
function scalars(file: EventFile, metrics: Metrics, step: number, prefix = ''): void {
  for (const [name, value] of Object.entries(metrics)) {
    if (typeof value === 'number') file.scalar(`${prefix}${name}`, value, step);
  }
}
