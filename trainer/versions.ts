// versions.ts: two copies of the weights: one is read while the other is written, so no reader is ever torn. The optimizer's slots are
// updated in place: only updates read them, and a snapshot, for which the store lets all open work end. A third less memory to go through.
import type { Arena } from '../kernels/arena.ts';
import { memoryBytes, movingOf } from './contribution.ts';
import type { Segment } from './model.ts';

/**
 * Addresses of one version: all weights (parameters, then state); slots one after another, each with room for what moves: those of the
 * newest version, whichever is asked for.
 */
export interface Version {
  readonly parameters: number;
  readonly slots: number;
}

export interface Versions {
  readonly segments: readonly Segment[];
  /** Bytes of all weights in memory, and of one slot: of what is not frozen. */
  readonly bytes: number;
  readonly slotBytes: number;
  readonly slots: readonly string[];
  /** The copy that holds a version: they alternate. */
  of(version: number): Version;
}

export function versionsBytes(segments: readonly Segment[], slots: number): number {
  return 2 * memoryBytes(segments) + memoryBytes(movingOf(segments)) * slots + 2048;
}

export function createVersions(arena: Arena, segments: readonly Segment[], slots: readonly string[]): Versions {
  const bytes = memoryBytes(segments);
  const slotBytes = memoryBytes(movingOf(segments));
  const state = arena.take(slotBytes * slots.length);
  const both = [0, 1].map(() => ({ parameters: arena.take(bytes), slots: state }));
  return { segments, bytes, slotBytes, slots, of: (version) => both[version % 2]! };
}
