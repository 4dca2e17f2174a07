// pairs.ts: the two connections of each server at the coordinator, control and bulk, as they find each other: one says hello, the other attach,
// with the same name, incarnation and number. It opens, closes and times nothing.
import type { Attach, Hello } from './messages.ts';

export interface Pair<C> {
  readonly hello: Hello;
  readonly control: C;
  readonly bulk: C;
}

export interface Pairs<C> {
  /**
   * The first message of a connection of a server's.
   * @returns the pair that it completes; null while the other is not there. "taken": another connection says that it is this very one
   */
  join(first: Hello | Attach, connection: C): Pair<C> | 'taken' | null;
  /** A connection that has not found its other one has gone. */
  drop(connection: C): void;
  /** Connections that wait for their other one. */
  readonly waiting: number;
}

export function createPairs<C>(): Pairs<C> {
  const halves = new Map<string, { readonly first: Hello | Attach; readonly connection: C }>();
  return {
    join(first, connection) {
      const { peer, pair } = first;
      const key = JSON.stringify([peer.name, peer.incarnation, pair]);
      const other = halves.get(key);
      if (!other) {
        halves.set(key, { first, connection });
        return null;
      }
      if (other.first.type === first.type) return 'taken';
      halves.delete(key);
      return first.type === 'hello'
        ? { hello: first, control: connection, bulk: other.connection }
        : { hello: other.first as Hello, control: other.connection, bulk: connection };
    },
    drop(connection) {
      for (const [key, half] of halves) if (half.connection === connection) halves.delete(key);
    },
    get waiting() {
      return halves.size;
    },
  };
}
