// staging.ts: room in a store's memory for sums that another memory holds, and their way there. Sums of its own memory stay where they are.
import { ShoalError } from '../base/errors.ts';
import type { Arena } from '../kernels/arena.ts';
import type { Contribution, Part, Sums } from './contribution.ts';

export interface Staging {
  /**
   * The same sums, in the arena's memory.
   * @param before settles when the sums that were brought before are read
   * @throws SHOAL_STAGING for more parts than there is room for
   */
  bring(contributed: Contribution, before: Promise<void>): Promise<Sums>;
}

/** @param room parts, of `bytes` each */
export function createStaging(arena: Arena, room: number, bytes: number): Staging {
  const places = Array.from({ length: room }, () => arena.take(bytes));
  return {
    async bring(contributed, before) {
      const { parts } = contributed;
      if (parts.every((part) => part.bytes.buffer === arena.memory.buffer)) return contributed;
      if (parts.length > room) throw roomError(parts.length, room);
      await Promise.all([contributed.ready, before]);
      const copies = parts.map((part, i): Part => {
        const at = places[i]!;
        arena.views.u8.set(part.bytes, at);
        return { node: part.node, bytes: arena.views.u8.subarray(at, at + bytes) };
      });
      return { parts: copies };
    },
  };
}

const roomError = (parts: number, room: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_STAGING',
    operation: 'bring sums from another memory',
    got: `a contribution of ${parts} parts`,
    expected: `at most ${room}, for which there is room`,
    hint: 'Give the store more staging when it is made.',
  });
