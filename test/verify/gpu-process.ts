// gpu-process.ts: one model on TensorFlow in a process of its own, beside our kernels: how far sums and losses are apart, or how fast it
// trains. Asked by gpu.ts; answers in one line of JSON.
import { executorOf } from '../../bin/input/executor.ts';
import { arithmetic } from '../../cluster/profile.ts';
import { ownReference, referenceBy } from '../../cluster/reference.ts';
import { differenceOf } from '../../cluster/sketch.ts';
import { readerFromArrays } from '../../datasets/from-arrays.ts';
import type { Dataset } from '../../datasets/reader.ts';
import type { OtherExecutor } from '../../trainer/engine.ts';
import { type Job, parseJob } from '../../trainer/job.ts';
import { availableThreads } from '../../trainer/pool.ts';
import { prepare } from '../../trainer/prepare.ts';
import { runSession } from '../../trainer/session.ts';
import { smooth } from '../support/smooth.ts';

export interface GpuRequest {
  readonly what: 'compare' | 'measure';
  readonly model: { readonly builder: string; readonly input: readonly [number, number, number] };
  readonly batch: number;
  /** compare: of which losses are compared. */
  readonly steps: number;
  /** measure: of training, after two steps that compile and allocate. */
  readonly seconds: number;
}

export interface Compared {
  /** Of the reference micro-shard's sums, over our kernels' norm. */
  readonly difference: number;
  readonly losses: { readonly tensorflow: readonly number[]; readonly wasm: readonly number[] };
}

export interface Measured {
  readonly samples_per_second: number;
  readonly steps: number;
  readonly loss: number;
}

const CLASSES = 10;
const { what, model, batch, steps, seconds } = JSON.parse(process.argv[2]!) as GpuRequest;
const whole = parseJob(
  {
    name: model.builder,
    model: { ...model, classes: CLASSES },
    data: { reader: 'digits' }, // not opened: the samples below stand for it
    normalize: { mean: 0.5, std: 0.25 },
    loss: 'sparse_categorical_crossentropy',
    optimizer: { class_name: 'SGD', config: { learning_rate: 0.001, momentum: 0.9 } },
    batch,
    microShards: Math.max(1, batch / 16),
    epochs: 100_000,
    tolerance: 0.1,
  },
  model.builder,
);
const dataset = samples(4 * batch);
const chosen = (await executorOf('tensorflow'))!;
const result: Compared | Measured = what === 'compare' ? await compare() : await measure();
console.log(`\n${JSON.stringify(result)}`);

/** Images of stripes, whose widths, brightness and contrast are the class's and, a little, their own. */
function samples(count: number): Dataset {
  const size = model.input.reduce((a, b) => a * b, 1);
  const image = new Uint8Array(new SharedArrayBuffer(count * size));
  const draw = (i: number): number => (Math.imul(i + 1, 0x9e3779b1) >>> 8) / 2 ** 24;
  for (let n = 0; n < count; n++) {
    const width = 5 + 97 * (n % CLASSES) + Math.floor(40 * draw(3 * n));
    const [brightness, contrast] = [draw(3 * n + 1), draw(3 * n + 2)];
    for (let i = 0; i < size; i++)
      image[n * size + i] = 128 * (brightness + contrast * Math.abs((2 * (i % width)) / width - 1));
  }
  const reader = readerFromArrays({
    fields: { image: { shape: [...model.input], dtype: 'u8' }, label: { shape: [], dtype: 'i32' } },
    data: { image, label: Int32Array.from({ length: count }, (_, i) => i % CLASSES) },
    classes: CLASSES,
  });
  return { train: reader, test: reader };
}

async function compare(): Promise<Compared> {
  const job = smooth(whole);
  const prepared = prepare(job, dataset, { threads: 1, level: 0 });
  const executor = chosen.of(job).create(prepared);
  const theirs = await referenceBy(executor, job, prepared);
  await executor.close();
  const ours = ownReference(job, prepared, arithmetic().kernels);
  const [tensorflow, wasm] = [await losses(job, chosen.of(job)), await losses(job, undefined)];
  return { difference: differenceOf(theirs.sketch, ours.sketch), losses: { tensorflow, wasm } };
}

async function losses(job: Job, executor: OtherExecutor | undefined): Promise<readonly number[]> {
  const told = await train(job, executor, (done) => done >= steps);
  return told.map((it) => it.loss).slice(0, steps);
}

async function measure(): Promise<Measured> {
  const WARM = 2;
  let since = 0;
  const told = await train(whole, chosen.of(whole), (done) => {
    if (done === WARM) since = performance.now();
    return done > WARM && performance.now() - since >= 1000 * seconds;
  });
  const counted = told.slice(WARM);
  const ms = counted.reduce((sum, it) => sum + it.ms, 0);
  return { samples_per_second: (1000 * batch * counted.length) / ms, steps: counted.length, loss: told.at(-1)!.loss };
}

/** Trains until enough steps are done. */
async function train(job: Job, executor: OtherExecutor | undefined, enough: (steps: number) => boolean) {
  const told: { readonly loss: number; readonly ms: number }[] = [];
  const stop = new AbortController();
  await runSession({
    job,
    dataset,
    threads: availableThreads(),
    signal: stop.signal,
    ...(executor && { executor }),
    onEvent(event) {
      if (event.event !== 'step') return;
      told.push({ loss: event.loss, ms: event.ms });
      if (enough(told.length)) stop.abort();
    },
  });
  return told;
}
