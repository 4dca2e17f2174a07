// model-process.ts: trains one model on drawn samples in this process and prints how fast, and in how much memory. Asked by models.ts.
import { readerFromArrays } from '../datasets/from-arrays.ts';
import { parseJob } from '../trainer/job.ts';
import type { ModelBench, ModelFigure } from './models.ts';
import { measureTraining } from './training.ts';

interface Request extends ModelBench {
  readonly name: string;
  readonly seconds: number;
  readonly threads: number;
  /** Default wasm. */
  readonly executor?: string;
}

const CLASSES = 10;
const { name, builder, options, batch, input, seconds, threads, executor } = JSON.parse(process.argv[2]!) as Request;
const elements = input.reduce((product, n) => product * n, 1);
const count = 2 * batch;
const isImage = input.length === 3;
const values = isImage ? new Uint8Array(count * elements) : new Int32Array(count * elements);
for (let i = 0; i < values.length; i++) values[i] = (Math.imul(i, 0x9e3779b1) >>> 8) % (isImage ? 256 : 10_000);
const reader = readerFromArrays({
  fields: {
    image: { shape: input, dtype: isImage ? 'u8' : 'i32' },
    label: { shape: [], dtype: 'i32' },
  },
  data: { image: values, label: Int32Array.from({ length: count }, (_, i) => i % CLASSES) },
  classes: CLASSES,
});
const job = parseJob(
  {
    model: { builder, ...options, classes: CLASSES },
    data: { reader: 'digits' }, // not opened: the samples above stand for it
    loss: 'sparse_categorical_crossentropy',
    optimizer: { class_name: 'SGD', config: { learning_rate: 0.001, momentum: 0.9 } },
    batch,
    epochs: 100_000,
    seed: 1,
  },
  name,
);
const { samplesPerSecond, loss } = await measureTraining(
  job,
  threads,
  seconds,
  { train: reader, test: reader },
  executor,
);
const figure: ModelFigure = {
  samples_per_second: samplesPerSecond,
  loss,
  peak_bytes: process.resourceUsage().maxRSS * 1024,
};
console.log(JSON.stringify(figure));
