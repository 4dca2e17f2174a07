// host-memory.ts: run as a script with --expose-gc: trains twice and prints, in MiB, what the weights take, what arrays were held at each event
// and at the end, and by how many bytes a step of a long run the heap grows. In a process of its own: nothing else may come or go meanwhile.
// Read by test/trainer/host-memory.test.ts.
import { runSession } from '../../trainer/session.ts';
import { mlp, smallDataset, smallJob } from './small-jobs.ts';

export interface HostMemory {
  readonly weights: number;
  readonly during: readonly number[];
  readonly after: number;
  /** Bytes. */
  readonly growth: number;
}

/** MiB of arrays that somebody holds. A plan's memory is WebAssembly's, and not among them. */
function held(): number {
  globalThis.gc!();
  return process.memoryUsage().arrayBuffers / 2 ** 20;
}

/** Bytes by which the heap grows with each step of a run that keeps nothing, between two of its epochs. */
async function growth(): Promise<number> {
  const [from, to] = [2000, 5000];
  const heap: number[] = [];
  await runSession({
    job: smallJob(mlp, { batch: 43, epochs: to, evaluateEvery: to }),
    dataset: smallDataset(43, 23),
    threads: 2,
    onEvent: (event) => {
      if (event.event !== 'epoch' || (event.epoch !== from && event.epoch !== to)) return;
      globalThis.gc!();
      heap.push(process.memoryUsage().heapUsed);
    },
  });
  return (heap[1]! - heap[0]!) / (to - from);
}

if (import.meta.main) {
  const job = smallJob(
    [
      ...mlp.slice(0, 2),
      { class_name: 'Dense', config: { units: 60_000, activation: 'relu' } },
      { class_name: 'Dense', config: { units: 4, activation: 'softmax' } },
    ],
    { optimizer: { class_name: 'SGD', config: { learning_rate: 0.01, momentum: 0.9 } }, epochs: 1 },
  );
  const dataset = smallDataset(43, 23);
  const before = held();
  const during: number[] = [];
  const { weights } = await runSession({
    job,
    dataset,
    threads: 2,
    onEvent: ({ event }) => {
      if (event === 'step' || event === 'epoch') during.push(held() - before);
    },
  });
  const memory: HostMemory = {
    weights: weights.parameters.byteLength / 2 ** 20,
    during,
    after: held() - before,
    growth: await growth(),
  };
  process.stdout.write(JSON.stringify(memory));
}
