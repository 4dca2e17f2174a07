// step-machine.ts: which work is opened, committed and saved when: a pure function of events. No clock, no memory, no arithmetic
// on tensors. The in-process store runs it; a coordinator runs the same inside membership and terms.
import { made } from '../base/made.ts';
import { rootOf, sharesOf } from './tree.ts';
import type { Work } from './work.ts';

export interface Schedule {
  /** Samples of one epoch, and of one evaluation. */
  readonly samples: number;
  readonly evaluationSamples: number;
  readonly batch: number;
  readonly microShards: number;
  readonly epochs: number;
  /** Epochs between evaluations; the last epoch is always evaluated. */
  readonly evaluateEvery: number;
  /** Steps between checkpoints, beside the one after each epoch. */
  readonly saveEvery: number | null;
  /** Pieces of work that may be open at once. */
  readonly depth: number;
  /** Steps already committed when the run begins. */
  readonly from: number;
  /** Epochs after which this part of the run ends, where it is not its last. Default: `epochs`. */
  readonly until?: number;
  /** It goes on from another part of the same run, which has left nothing to do. */
  readonly continued?: boolean;
  /** Evaluate that version, and nothing else. */
  readonly onlyEvaluate: boolean;
}

export type StopReason = 'done' | 'not-finite' | 'interrupted' | 'early-stopping';

type Next =
  | { readonly kind: 'gradient'; readonly step: number }
  | { readonly kind: 'evaluate'; readonly epoch: number; readonly pass: number };

export interface StepState {
  /** What is opened next; null when all is. */
  readonly next: Next | null;
  readonly open: number;
  /** Gradient steps opened, and committed, in all: also the versions they make. */
  readonly opened: number;
  readonly committed: number;
  readonly saved: number;
  /** Nothing more is opened until what is open has settled and been saved. */
  readonly due: boolean;
  readonly saving: boolean;
  readonly stopping: StopReason | null;
}

export type StepEvent =
  /** Somebody could take work. */
  | { readonly kind: 'want' }
  /** The sums of a piece of work are in, and applied where finite. */
  | { readonly kind: 'settled'; readonly work: Work; readonly finite: boolean }
  /** The version has been copied: go on. Not finite: it holds NaN or infinity, and was not kept. */
  | { readonly kind: 'saved'; readonly finite: boolean }
  /** Finish what is open, save, stop. */
  | { readonly kind: 'interrupt'; readonly reason?: 'interrupted' | 'early-stopping' };

export type StepAction =
  | { readonly kind: 'open'; readonly work: Work }
  | { readonly kind: 'commit'; readonly work: Work; readonly epochEnd: boolean }
  /** One batch of an evaluation. */
  | { readonly kind: 'counted'; readonly work: Work; readonly last: boolean }
  | { readonly kind: 'save'; readonly version: number }
  | { readonly kind: 'stop'; readonly reason: StopReason };

/** The next state, and what is to be done now; nothing to do for `want` means: wait. */
export interface StepResult {
  readonly state: StepState;
  readonly actions: readonly StepAction[];
}

export const stepsPerEpoch = (s: Pick<Schedule, 'samples' | 'batch'>): number => Math.ceil(s.samples / s.batch);
export const totalSteps = (s: Schedule): number => stepsPerEpoch(s) * s.epochs;
const stepsToDo = (s: Schedule): number => stepsPerEpoch(s) * (s.until ?? s.epochs);
const passes = (s: Schedule): number => Math.ceil(s.evaluationSamples / s.batch);
const endsEpoch = (s: Schedule, step: number): boolean => (step + 1) % stepsPerEpoch(s) === 0;

const evaluates = (s: Schedule, epoch: number): boolean =>
  passes(s) > 0 && (epoch + 1 === s.epochs || (epoch + 1) % s.evaluateEvery === 0);

export function startSteps(s: Schedule): StepState {
  const { from } = s;
  const epoch = Math.max(0, Math.ceil(from / stepsPerEpoch(s)) - 1);
  // that an epoch's last version stands does not tell that its evaluation was done: it is done again, and the version saved again
  const again = from > 0 && !s.continued;
  const evaluate = s.onlyEvaluate || (again && from % stepsPerEpoch(s) === 0 && evaluates(s, epoch));
  const train: Next | null = from < stepsToDo(s) ? { kind: 'gradient', step: from } : null;
  const next: Next | null = evaluate ? { kind: 'evaluate', epoch, pass: 0 } : train;
  const saved = evaluate && !s.onlyEvaluate ? from - 1 : from;
  return { next, open: 0, opened: from, committed: from, saved, due: false, saving: false, stopping: null };
}

export function handleStep(s: Schedule, state: StepState, event: StepEvent): StepResult {
  switch (event.kind) {
    case 'want':
      return want(s, state);
    case 'settled':
      return settled(s, state, event.work, event.finite);
    case 'saved':
      return { state: { ...state, saving: false, ...(event.finite ? {} : { stopping: 'not-finite' }) }, actions: [] };
    case 'interrupt':
      return { state: { ...state, stopping: state.stopping ?? event.reason ?? 'interrupted' }, actions: [] };
  }
}

function want(s: Schedule, state: StepState): StepResult {
  const { next, stopping } = state;
  const wait: StepResult = { state, actions: [] };
  if (state.saving) return wait;
  if (state.due || stopping !== null || next === null) {
    if (state.open > 0) return wait;
    if (stopping === 'not-finite') return { state, actions: [{ kind: 'stop', reason: stopping }] };
    if (state.committed > state.saved) {
      const after = { ...state, due: false, saving: true, saved: state.committed };
      return { state: after, actions: [{ kind: 'save', version: state.committed }] };
    }
    if (stopping !== null) return { state, actions: [{ kind: 'stop', reason: stopping }] };
    if (next === null) return { state, actions: [{ kind: 'stop', reason: 'done' }] };
    return want(s, { ...state, due: false });
  }
  if (state.open >= s.depth) return wait;
  const work = workOf(s, next, state.opened);
  const opened = state.opened + (next.kind === 'gradient' ? 1 : 0);
  return {
    state: { ...state, ...after(s, next), open: state.open + 1, opened },
    actions: [{ kind: 'open', work }],
  };
}

/** The piece of work that is opened after this one, if nothing happens in between; of the same node. Null after the last. */
export function following(s: Schedule, { kind, step, version, node }: Work): Work | null {
  // from the version that this work leaves behind; of an evaluation, so many batches further
  let state = startSteps({ ...s, from: kind === 'gradient' ? version + 1 : version });
  for (let skip = kind === 'gradient' ? 0 : step + 1; ; skip--) {
    const { state: after, actions } = want(s, { ...state, open: 0, due: false });
    const [action] = actions;
    if (action?.kind !== 'open') return null;
    if (skip === 0) return { ...action.work, node };
    state = after;
  }
}

/** A piece of work and those that follow it, as far as the data pool may read ahead. Costs nothing until it is walked. */
export function* upcoming(schedule: Schedule, first: Work, state: StepState): Iterable<Work> {
  yield first;
  // a look at the same machine with nothing open and nothing to save
  let look: StepState = { ...state, open: 0, due: false, saving: false, stopping: null };
  for (;;) {
    const { state: after, actions } = handleStep(schedule, look, { kind: 'want' });
    const [action] = actions;
    if (action?.kind !== 'open') return;
    yield action.work;
    look = { ...after, open: 0, due: false };
  }
}

function settled(s: Schedule, state: StepState, work: Work, finite: boolean): StepResult {
  const open = state.open - 1;
  if (!finite || state.stopping === 'not-finite')
    return { state: { ...state, open, stopping: 'not-finite' }, actions: [] };
  if (work.kind === 'evaluate') {
    return { state: { ...state, open }, actions: [{ kind: 'counted', work, last: work.step === passes(s) - 1 }] };
  }
  const committed = work.step + 1;
  return {
    state: { ...state, open, committed },
    actions: [{ kind: 'commit', work, epochEnd: endsEpoch(s, work.step) }],
  };
}

/** What follows a piece of work: the next one, and whether a checkpoint is due before it. */
function after(s: Schedule, done: Next): { next: Next | null; due: boolean } {
  const step = done.kind === 'gradient' ? done.step + 1 : (done.epoch + 1) * stepsPerEpoch(s);
  const gradient: Next | null = step < stepsToDo(s) ? { kind: 'gradient', step } : null;
  if (done.kind === 'evaluate') {
    if (done.pass + 1 < passes(s)) return { next: { ...done, pass: done.pass + 1 }, due: false };
    return s.onlyEvaluate ? { next: null, due: false } : { next: gradient, due: true };
  }
  if (endsEpoch(s, done.step)) {
    const epoch = Math.floor(done.step / stepsPerEpoch(s));
    return evaluates(s, epoch)
      ? { next: { kind: 'evaluate', epoch, pass: 0 }, due: false }
      : { next: gradient, due: true };
  }
  return { next: gradient, due: s.saveEvery !== null && step % s.saveEvery === 0 };
}

function workOf(s: Schedule, next: Next, version: number): Work {
  const [samples, place] =
    next.kind === 'gradient' ? [s.samples, next.step % stepsPerEpoch(s)] : [s.evaluationSamples, next.pass];
  const rows = Math.min(s.batch, samples - place * s.batch);
  return {
    kind: next.kind,
    step: next.kind === 'gradient' ? next.step : next.pass,
    epoch: next.kind === 'gradient' ? Math.floor(next.step / stepsPerEpoch(s)) : next.epoch,
    node: rootOf(s.microShards),
    version,
    shares: sharesIn(s, rows),
  };
}

/** The lists of shares of a run, by rows: whole and last batches. Works share them, and with them what is made of them (work.ts). */
const lists = new WeakMap<Schedule, Map<number, readonly number[]>>();

const sharesIn = (s: Schedule, rows: number): readonly number[] =>
  made(
    made(lists, s, () => new Map()),
    rows,
    () => sharesOf(rows, s.microShards),
  );
