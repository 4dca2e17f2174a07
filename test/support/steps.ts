// steps.ts: the first steps of a job, by a real run (threads, store, feed) and by the float64 oracle. It judges nothing.
import { seedWords } from '../../base/random.ts';
import { readerFromArrays } from '../../datasets/from-arrays.ts';
import { type Dataset, fieldBytes, type Reader } from '../../datasets/reader.ts';
import { sampler } from '../../datasets/sampler.ts';
import { initializeParameters } from '../../trainer/initialize.ts';
import type { Job } from '../../trainer/job.ts';
import { fromLogits, losses } from '../../trainer/losses/index.ts';
import { rateAt } from '../../trainer/schedules/index.ts';
import { runSession } from '../../trainer/session.ts';
import { segmentsOf } from '../../trainer/weights.ts';
import { type LossName, type OracleRequest, oracle, oracleOptimizer } from './oracle/index.ts';
import { byPath } from './parity.ts';

export interface Step {
  /** Mean over the batch, before the update. */
  readonly loss: number;
  /** Compact, after the update. */
  readonly parameters: ArrayLike<number>;
}

/** The first samples of a reader as a dataset of its own, to train on and to test on. */
export function firstSamples(reader: Reader, count: number): Dataset {
  const { fields, classes } = reader;
  const data = Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, new Uint8Array(count * fieldBytes(field))]),
  );
  for (let i = 0; i < count; i++) {
    const row = (name: string) => {
      const bytes = fieldBytes(fields[name]!);
      return data[name]!.subarray(i * bytes, (i + 1) * bytes);
    };
    reader.read(i, Object.fromEntries(Object.keys(fields).map((name) => [name, row(name)])));
  }
  const arrays = readerFromArrays({ fields, data, classes });
  return { train: arrays, test: arrays };
}

/** Every step of a job's run in this process, on two threads. */
export async function runSteps(job: Job, dataset: Dataset): Promise<readonly Step[]> {
  const steps: Step[] = [];
  const lossOf: number[] = [];
  await runSession({
    job: { ...job, checkpoint: { ...job.checkpoint, everySteps: 1 } },
    dataset,
    threads: 2,
    onEvent(event) {
      if (event.event === 'step') lossOf.push(event.loss);
    },
    async onSave({ version, parameters }) {
      steps[version - 1] = { loss: lossOf[version - 1]!, parameters };
    },
  });
  return steps;
}

/** Step `step` of the first epoch, as the oracle is asked: the samples that the job's seed draws, scaled in float64. */
export function requestOf(job: Job, { train }: Dataset, step: number, parameters: ArrayLike<number>): OracleRequest {
  const { model, batch, seed, normalize } = job;
  const { parameters: segments, shapes } = segmentsOf(model);
  const indices = sampler({ length: train.length, batch, seed, shuffle: true }).indices(0, step);
  const { shape } = model.inputs[0]!.spec;
  const bytes = fieldBytes(train.fields['image']!);
  const image = new Uint8Array(indices.length * bytes);
  const label = new Int32Array(indices.length);
  indices.forEach((index, i) => {
    const into = { image: image.subarray(i * bytes, (i + 1) * bytes), label: new Uint8Array(label.buffer, 4 * i, 4) };
    train.read(index, into);
  });
  const x = Float64Array.from(image, (v) => (v / 255 - (normalize.mean as number)) / (normalize.std as number));
  const classes = shapes[model.outputs[0]!]!.shape.at(-1)!;
  const { name, labels: form } = losses[job.outputs[0]!.loss.class_name].kind;
  const oneHot = () => [...label].flatMap((hot) => Array.from({ length: classes }, (_, i) => Number(i === hot)));
  return {
    model,
    weights: byPath(segments, parameters),
    x: { shape: [indices.length, ...shape], data: x },
    labels: form === 'class' ? label : oneHot(),
    loss: name as LossName,
    fromLogits: fromLogits(job.outputs[0]!.loss),
    dropout: { seed: seedWords(seed), step, firstSlot: 0 },
  };
}

/** The same steps in float64, each on its own parameters: nothing of ours but the first values. */
export function oracleSteps(job: Job, dataset: Dataset): readonly Step[] {
  const { parameters: segments } = segmentsOf(job.model);
  const { class_name: className, config } = job.optimizer;
  const update = oracleOptimizer({ className, config });
  let parameters: ArrayLike<number> = initializeParameters(job.model, job.seed);
  return Array.from({ length: Math.ceil(dataset.train.length / job.batch) }, (_, step) => {
    const { loss, gradients } = oracle(requestOf(job, dataset, step, parameters));
    const next = Float64Array.from(parameters);
    const views = Object.fromEntries(segments.map((s) => [s.path, next.subarray(s.flat, s.flat + s.length)]));
    update(views, gradients, rateAt(job.optimizer.config.learning_rate, step));
    parameters = next;
    return { loss, parameters };
  });
}
