// fine-tune.ts: `node test/verify/fine-tune.ts`: a network that has learnt the digits 0 to 4 learns 5 to 9 from few samples, its
// convolutions frozen; beside the same network from nothing, on the same samples, each at its best rate. Seconds; not part of `npm test`.
import { readerFromArrays } from '../../datasets/from-arrays.ts';
import type { Dataset, Reader } from '../../datasets/reader.ts';
import { parseJob } from '../../trainer/job.ts';
import { openJobData, runSession } from '../../trainer/session.ts';
import { snapshotWeights, startingSnapshot } from '../../trainer/snapshot.ts';

const layer = (class_name: string, config: object = {}) => ({ class_name, config });
const base = {
  class_name: 'Sequential',
  config: {
    layers: [
      layer('InputLayer', { batch_shape: [null, 28, 28, 1] }),
      layer('Conv2D', { name: 'conv1', filters: 32, kernel_size: 3, activation: 'relu' }),
      layer('MaxPooling2D', { name: 'pool1' }),
      layer('Conv2D', { name: 'conv2', filters: 64, kernel_size: 3, activation: 'relu' }),
      layer('MaxPooling2D', { name: 'pool2' }),
      layer('Flatten', { name: 'flat' }),
      layer('Dense', { name: 'old', units: 5, activation: 'softmax' }),
    ],
  },
};
const head = [layer('Dense', { name: 'new', units: 5, activation: 'softmax' })];
const rest = {
  data: { reader: 'digits' },
  normalize: { mean: 0.1307, std: 0.3081 },
  loss: 'sparse_categorical_crossentropy',
  optimizer: 'adam',
  batch: 32,
};
/** Samples of each digit that are learnt from. */
const FEW = 20;
const EPOCHS = 10;
/** What fits a head alone is too much for a whole network: each way takes the rate that ends best. */
const RATES = [0.001, 0.003, 0.01, 0.03];

/** The samples of five digits, as classes 0 to 4. */
function digitsFrom(reader: Reader, first: number, most = Number.POSITIVE_INFINITY): Reader {
  const image = new Uint8Array(784);
  const label = new Int32Array(1);
  const images: Uint8Array[] = [];
  const labels: number[] = [];
  const counts = [0, 0, 0, 0, 0];
  for (let i = 0; i < reader.length; i++) {
    reader.read(i, { image, label: new Uint8Array(label.buffer) });
    const kind = label[0]! - first;
    if (kind < 0 || kind > 4 || counts[kind]! >= most) continue;
    counts[kind]!++;
    images.push(image.slice());
    labels.push(kind);
  }
  const { fields } = reader;
  return readerFromArrays({
    fields,
    data: { image: Buffer.concat(images), label: Int32Array.from(labels) },
    classes: 5,
  });
}

const whole = await openJobData(parseJob({ model: base, epochs: 1, ...rest }, 'digits'));
const early: Dataset = { train: digitsFrom(whole.train, 0), test: digitsFrom(whole.test, 0) };
const late: Dataset = { train: digitsFrom(whole.train, 5, FEW), test: digitsFrom(whole.test, 5) };

const first = parseJob({ name: 'digits-0-4', model: base, epochs: 3, ...rest }, 'digits');
const { done, weights } = await runSession({ job: first, dataset: early });
console.log(
  `digits 0 to 4, ${early.train.length} samples: held-out accuracy ${(done.metrics['accuracy'] as number).toFixed(4)}`,
);

const learnt = snapshotWeights(first.model, weights)
  .filter(({ name }) => !name.startsWith('old/'))
  .map((weight) => ({ ...weight, name: `base/${weight.name}` }));
async function accuracies(freeze: readonly string[], pretrained: boolean, rate: number): Promise<readonly number[]> {
  const optimizer = { class_name: 'Adam', config: { learning_rate: rate } };
  const model = { base, until: 'flat', head };
  const job = parseJob({ name: 'digits-5-9', model, freeze, epochs: EPOCHS, ...rest, optimizer }, 'digits');
  const found: number[] = [];
  await runSession({
    job,
    dataset: late,
    start: pretrained ? startingSnapshot(job, learnt) : null,
    onEvent(event) {
      if (event.event === 'epoch') found.push(event.metrics!['accuracy'] as number);
    },
  });
  return found;
}
async function best(freeze: readonly string[], pretrained: boolean): Promise<readonly number[]> {
  const all: (readonly number[])[] = [];
  for (const rate of RATES) all.push(await accuracies(freeze, pretrained, rate));
  return all.toSorted((a, b) => b.at(-1)! - a.at(-1)!)[0]!;
}
const tuned = await best(['base/*'], true);
const fresh = await best([], false);
const text = (values: readonly number[]) => values.map((value) => value.toFixed(4)).join(' ');
console.log(`digits 5 to 9, ${late.train.length} samples, held-out accuracy after each epoch:`);
console.log(`  convolutions of 0 to 4, frozen: ${text(tuned)}`);
console.log(`  from nothing:                   ${text(fresh)}`);
const better = tuned[0]! > fresh[0]! && tuned.at(-1)! > fresh.at(-1)!;
console.log(better ? 'fine-tuning is faster and better' : 'FAILED: fine-tuning is not faster and better');
process.exitCode = better ? 0 : 1;
