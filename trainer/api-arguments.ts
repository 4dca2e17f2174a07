// api-arguments.ts: what the library's functions are called with, checked: who calls them may have no types. What a job says is job.ts's.
import { z } from 'zod';
import { check, strict } from '../base/check.ts';
import { ShoalError } from '../base/errors.ts';
import type { Dataset, Reader } from '../datasets/reader.ts';
import { lengthOf, trainedOf } from './contribution.ts';
import type { OtherExecutor } from './engine.ts';
import type { EvaluateOptions } from './evaluate.ts';
import type { Weights } from './initialize.ts';
import type { Job } from './job.ts';
import type { SessionOptions } from './session.ts';
import type { Snapshot } from './snapshot.ts';
import { segmentsOf } from './weights.ts';

const isFunction = (value: unknown): boolean => typeof value === 'function';

/** Any value of which some parts are looked at. */
const custom = <T>(error: string, is: (it: Partial<T>) => boolean) =>
  z.custom<T>((it) => typeof it === 'object' && it !== null && is(it), { error });

/** A job as it stands in a file has a model too, in Keras' dialect, and no list of what it puts out. */
const job = custom<Job>('a job that parseJob() has read', (it) => [it.outputs, it.model?.inputs].every(Array.isArray));
const isReader = (it?: Partial<Reader>): boolean =>
  typeof it?.fields === 'object' && Number.isInteger(it.length) && isFunction(it.read) && isFunction(it.share);
const dataset = custom<Dataset>('two readers: {train, test}', (it) => isReader(it.train) && isReader(it.test));
const executor = custom<OtherExecutor>('an executor: {staging, create()}', (it) => isFunction(it.create));
const signal = custom<AbortSignal>('an AbortSignal', (it) => isFunction(it.removeEventListener));
const callback = z.custom<() => void>(isFunction, { error: 'a function' });

const vector = z.instanceof(Float32Array, { error: 'a Float32Array' });
const weights = z.looseObject({ parameters: vector, state: vector });
const snapshot = weights.extend({ version: z.int().nonnegative(), slots: z.record(z.string(), vector) });

/** Numbers of threads are checked where they are divided: arrange.ts. */
const threads = z.unknown().optional();

const sessionOptions = strict({
  job,
  dataset: dataset.optional(),
  threads,
  teamSize: threads,
  ranges: threads,
  level: threads,
  dataThreads: z.int().min(1).optional(),
  executor: executor.optional(),
  start: snapshot.nullable().optional(),
  dryRun: z.boolean().optional(),
  signal: signal.optional(),
  onEvent: callback.optional(),
  onSave: callback.optional(),
} satisfies Record<keyof SessionOptions, unknown>);

const evaluateOptions = strict({
  job,
  snapshot,
  dataset: dataset.optional(),
  threads,
} satisfies Record<keyof EvaluateOptions, unknown>);

const problem = (operation: string) => ({
  code: 'SHOAL_JOB' as const,
  operation,
  hint: 'parseJob() reads a job, openDataset() opens data: README.md, "From a program".',
});

/** @throws SHOAL_JOB, SHOAL_WEIGHTS */
export function checkSession(options: SessionOptions): void {
  check(sessionOptions, options, problem('read the options of runSession()'));
  if (options.start) checkSnapshot(options.job, options.start, 'read the start of runSession()');
}

/** @throws SHOAL_JOB, SHOAL_WEIGHTS */
export function checkEvaluation(options: EvaluateOptions): void {
  check(evaluateOptions, options, problem('read the options of evaluateSnapshot()'));
  checkWeights(options.job, options.snapshot, 'read the snapshot of evaluateSnapshot()');
}

/** @throws SHOAL_JOB, SHOAL_WEIGHTS */
export function checkPrediction(options: { readonly job: Job; readonly snapshot: Weights }): void {
  check(z.looseObject({ job, snapshot: weights }), options, problem('read the options of predictSnapshot()'));
  checkWeights(options.job, options.snapshot, 'read the snapshot of predictSnapshot()');
}

function checkWeights({ model }: Job, { parameters, state }: Weights, operation: string): void {
  const segments = segmentsOf(model);
  checkLength(operation, 'parameters', parameters, lengthOf(segments.parameters));
  checkLength(operation, 'state', state, lengthOf(segments.state));
}

function checkSnapshot(of: Job, start: Snapshot, operation: string): void {
  checkWeights(of, start, operation);
  const trained = lengthOf(trainedOf(segmentsOf(of.model).parameters));
  for (const [name, slot] of Object.entries(start.slots)) checkLength(operation, `slots.${name}`, slot, trained);
}

function checkLength(operation: string, name: string, { length }: Float32Array, expected: number): void {
  if (length === expected) return;
  throw new ShoalError({
    code: 'SHOAL_WEIGHTS',
    operation,
    got: `${length} numbers in ${name}`,
    expected: `${expected}, as the model has`,
    hint: 'A snapshot goes with the model that it was taken of.',
  });
}
