// server-turn.ts: one event of a server being handled. It lives for one call.
import type { FlatRange } from './messages.ts';
import type { ServerAction, ServerConfig, ServerState, Slice } from './server-types.ts';

export interface Turn {
  readonly config: ServerConfig;
  /** Replaced, never changed in place. */
  state: ServerState;
  readonly actions: ServerAction[];
}

export function set(turn: Turn, change: Partial<ServerState>): void {
  turn.state = { ...turn.state, ...change };
}

/** The elements of a slice. */
export const spanOf = ({ from, count }: Slice): FlatRange => ({ from, to: from + count });
/** Whether it is a slice of this very range. */
export const isInside = (slice: Slice, { from, to }: FlatRange): boolean =>
  slice.range.from === from && slice.range.to === to && slice.from >= from && slice.from + slice.count <= to;
