// tfjs-executor.ts: computes contributions by tfjs, on whichever of its backends, in a thread of its own. The model is lowered in tfjs/;
// losses and metrics are our kernels'. The micro-shards of a piece of work are one device batch, where they fit.
import { Piscina } from 'piscina';
import { fromWire, ShoalError } from '../base/errors.ts';
import { seedWords } from '../base/random.ts';
import { workerFile } from '../base/worker-file.ts';
import type { Contribution } from './contribution.ts';
import type { OtherExecutor } from './engine.ts';
import type { Batch, Executor, Pinned, Profile } from './executor.ts';
import type { Job } from './job.ts';
import type { Prepared } from './prepare.ts';
import { registeredModules } from './registered-modules.ts';
import { type BackendName, backends } from './tfjs/backends.ts';
import { deviceBatches, mostRows } from './tfjs/device-batches.ts';
import { compileLosses } from './tfjs/loss-program.ts';
import { checkLowerings } from './tfjs/lowerings/index.ts';
import { networkOptions } from './tfjs/network.ts';
import type { TfjsAnswer, TfjsSetup, TfjsTask } from './tfjs/thread.ts';
import type { Work } from './work.ts';

export const executorNames = ['wasm', ...Object.keys(backends)] as const;

export interface TfjsExecutor extends Executor {
  /** Tensors on the device when the newest piece of work was done: it stays the same. */
  readonly tensors: number;
}

/**
 * The executor that --executor names; undefined for `wasm`, our own kernels on the compute pool.
 * @throws SHOAL_USAGE for another name, SHOAL_TENSORFLOW and SHOAL_OPTIONAL_PACKAGE where its backend is not installed, SHOAL_EXECUTOR
 * for a layer or a codec that it does not know
 */
export function executorNamed(name: string, job: Job): OtherExecutor | undefined {
  const backend = checkExecutor(name, job);
  if (backend === null) return undefined;
  backends[backend].version();
  return { staging: 1, create: (prepared) => createTfjsExecutor({ backend, job, prepared }) };
}

/**
 * Whether it computes the job, installed here or not. @returns its backend; null for `wasm`
 * @throws SHOAL_USAGE for another name, SHOAL_EXECUTOR for a layer or a codec that it does not know
 */
export function checkExecutor(name: string, job: Job): BackendName | null {
  const backend = backendNamed(name);
  if (backend !== null) {
    checkLowerings(job.model);
    checkCodec(job);
  }
  return backend;
}

/**
 * What decides its bits, known before any job; undefined for `wasm`.
 * @throws as executorNamed, but for the job
 */
export function executorProfile(name: string): Profile | undefined {
  const backend = backendNamed(name);
  return backend === null ? undefined : profileOf(backend);
}

const profileOf = (backend: BackendName): Profile => ({
  arithmetic: 'tfjs',
  kernels: backends[backend].version(),
});

function backendNamed(name: string): BackendName | null {
  if (name === 'wasm') return null;
  if (!Object.hasOwn(backends, name))
    throw new ShoalError({
      code: 'SHOAL_USAGE',
      operation: 'choose an executor',
      got: `--executor ${name}`,
      expected: `one of ${executorNames.join(', ')}`,
      hint: 'The default is wasm.',
    });
  return name as BackendName;
}

export interface TfjsExecutorOptions {
  readonly backend: BackendName;
  readonly job: Pick<Job, 'seed' | 'batch'>;
  readonly prepared: Pick<Prepared, 'program' | 'segments' | 'machine'>;
  /** The most rows of a device batch. Default: mostRows. */
  readonly most?: number;
}

/** Its thread loads the backend with the first piece of work. */
export function createTfjsExecutor({ backend, job, prepared, most }: TfjsExecutorOptions): TfjsExecutor {
  const { program, segments, machine } = prepared;
  const { options, contribution, input } = program;
  const rows = most ?? mostRows(options.shapes);
  const setup: TfjsSetup = {
    ...networkOptions(program, segments, seedWords(job.seed)),
    backend,
    losses: compileLosses(program, Math.max(program.rows, Math.min(rows, job.batch))),
    fields: input.fields,
    leafBytes: input.leafBytes,
    scalarsAt: contribution.scalarsAt,
    modules: registeredModules(),
  };
  const piscina = new Piscina({
    filename: workerFile('./tfjs/thread', import.meta.url),
    name: 'task',
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    workerData: setup,
  });
  // two, by turns: whoever was given one reads it while the next is computed
  const sums = [0, 1].map(() => new Uint8Array(new SharedArrayBuffer(contribution.bytes)));
  let turn = 0;
  let tensors = 0;

  async function run(task: TfjsTask): Promise<void> {
    const answer = (await piscina.run(task)) as TfjsAnswer;
    if ('problem' in answer) throw fromWire(answer.problem);
    tensors = answer.tensors;
  }

  return {
    profile: profileOf(backend),
    unit: 1,
    get tensors() {
      return tensors;
    },
    async compute(work: Work, batch: Batch, parameters: Pinned): Promise<Contribution> {
      await parameters.ready;
      const bytes = sums[turn++ % sums.length]!;
      const task: TfjsTask = {
        mode: work.kind === 'gradient' ? 'train' : 'evaluate',
        step: work.version,
        version: parameters.version,
        parameters: parameters.bytes,
        batch: batch.bytes,
        batches: deviceBatches(work, machine.level, rows),
        contribution: bytes,
      };
      const ready = run(task).finally(() => {
        batch.release();
        parameters.release();
      });
      ready.catch(() => {}); // whoever waits for the sums hears of it
      return { parts: [{ node: work.node, bytes }], ready };
    },
    close: () => piscina.destroy(),
  };
}

/** Lossy codecs round micro-shard by micro-shard, which are not kept apart here. @throws SHOAL_EXECUTOR */
function checkCodec({ name, codec }: Job): void {
  if (codec === 'f32') return;
  throw new ShoalError({
    code: 'SHOAL_EXECUTOR',
    operation: `compute the job "${name}" by tfjs`,
    got: `the codec ${codec}`,
    expected: 'f32',
    hint: 'Leave the codec out, or --executor.',
  });
}
