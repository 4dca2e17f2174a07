// cluster.ts: what all processes of one simulated run share: the job, the reference, the disk of the coordinator.
import type { Bugs } from '../../../cluster/bugs.ts';
import type { FlatRange } from '../../../cluster/messages.ts';
import { type Frame as Bulk, type FrameHead, isFrame, type Net } from '../../../cluster/simulate/dial.ts';
import { Violated, type World } from '../../../cluster/simulate/world.ts';
import type { Profile } from '../../../trainer/executor.ts';
import type { Schedule } from '../../../trainer/step-machine.ts';
import type { Reference, Vectors } from './toy.ts';

export interface Cluster extends Net {
  readonly bugs: Bugs;
  readonly schedule: Schedule;
  readonly seed: number;
  readonly length: number;
  readonly ranges: readonly FlatRange[];
  readonly workers: { readonly min: number; readonly max: number };
  /** Of which each worker has one. */
  readonly units: readonly number[];
  readonly leafMs: number;
  readonly first: Vectors;
  readonly reference: Reference;
  readonly disk: Disk;
  /** Whether every event is handled twice, on frozen states. */
  readonly strict: boolean;
}

/** What outlives the coordinator's process. */
export interface Disk {
  log: string;
  /** How much of the log a loss of power cannot take. */
  synced: number;
  readonly checkpoints: Map<string, { readonly version: number; readonly vectors: Vectors; good: boolean }>;
  full: boolean;
}

export const PROFILE: Profile = { arithmetic: 'reference', kernels: 'toy' };
export const DATASET = 'toy data';
export const REFERENCE = 'toy bits';

/** A bulk frame with its floats. */
export interface Frame extends Bulk {
  readonly values: Float32Array;
}

/** Cuts vectors of a range (whose first element is `from`: by default the range's) into slices of a few floats, in any order. */
export function slices(
  world: World,
  head: FrameHead,
  vectors: readonly Float32Array[],
  from = head.range.from,
): Frame[] {
  const frames: Frame[] = [];
  vectors.forEach((vector, index) => {
    const to = from + vector.length;
    for (let at = from; at < to; ) {
      const count = Math.min(to - at, 1 + world.below(4));
      const values = vector.slice(at - from, at - from + count);
      frames.push({ bulk: { ...head, vector: index, from: at, count }, values });
      at += count;
    }
  });
  for (let i = frames.length - 1; i > 0; i--) {
    const j = world.below(i + 1);
    [frames[i], frames[j]] = [frames[j]!, frames[i]!];
  }
  return frames;
}

/** Control messages that a reconnecting peer may well have sent twice: the machines must not mind. */
const REPEATED = new Set(['holding', 'done', 'applied', 'ack', 'lease', 'apply', 'dump']);
export const isRepeated = (message: unknown): boolean =>
  isFrame(message) || REPEATED.has((message as { readonly type: string }).type);

export function must(holds: boolean, otherwise: () => string): asserts holds {
  if (!holds) throw new Violated(otherwise());
}

/** Holds a machine to being a pure function, where asked to. */
export function pure<S, E, R extends { readonly state: S }>(
  cluster: Cluster,
  state: S,
  event: E,
  handle: (state: S, event: E) => R,
): R {
  if (!cluster.strict) return handle(state, event);
  deepFreeze(state);
  deepFreeze(event);
  const [once, again] = [handle(state, event), handle(state, event)];
  must(JSON.stringify(once) === JSON.stringify(again), () => `not a pure function of ${JSON.stringify(event)}`);
  return once;
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
}
