// versions.ts: two copies of everything a step changes: one is read while the other is written, so no reader is ever torn.
import type { Arena } from '../kernels/arena.ts';
import { memoryBytes, movingOf } from './contribution.ts';
import type { Segment } from './model.ts';

/** Addresses of one version: all weights (parameters, then state); slots one after another, each with room for what moves. */
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
  return 2 * (memoryBytes(segments) + memoryBytes(movingOf(segments)) * slots + 1024);
}

export function createVersions(arena: Arena, segments: readonly Segment[], slots: readonly string[]): Versions {
  const bytes = memoryBytes(segments);
  const slotBytes = memoryBytes(movingOf(segments));
  const both = [0, 1].map(() => ({ parameters: arena.take(bytes), slots: arena.take(slotBytes * slots.length) }));
  return { segments, bytes, slotBytes, slots, of: (version) => both[version % 2]! };
}
