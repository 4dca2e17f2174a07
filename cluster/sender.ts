// sender.ts: vectors on their way out of one connection, in slices, a few at a time: what waits can still be dropped.
import type { Bulk, FlatRange } from './messages.ts';
import { slicesOf } from './protocol.ts';
import type { Connection } from './transport.ts';

export type BulkName = Pick<Bulk, 'type' | 'term' | 'step' | 'node' | 'vector' | 'encoding'>;

export interface Sender {
  /**
   * Sends the floats of a range, or those of a part of it. They must not change before they have left or were dropped.
   * @param group what is dropped together
   * @param from element that the values begin at. Default: the range's first
   */
  send(group: string, name: BulkName, range: FlatRange, values: Float32Array, from?: number): void;
  /** Forgets slices that wait; without a group, all of them. A slice that is being sent goes on. */
  drop(group?: string): void;
}

/** Slices handed to the system at once: enough to keep it busy. */
const AHEAD = 3;

export function createSender(connection: Connection): Sender {
  let waiting: { readonly group: string; readonly bulks: Iterator<Bulk> }[] = [];
  let sending = 0;

  function pump(): void {
    while (sending < AHEAD && waiting.length > 0 && connection.open) {
      const { bulks } = waiting[0]!;
      const { value, done } = bulks.next();
      if (done) {
        waiting.shift();
        continue;
      }
      sending++;
      connection.sendBulk(value).then(sent, () => {}); // the close handler tells of a connection that has gone
    }
  }
  function sent(): void {
    sending--;
    pump();
  }

  return {
    send(group, name, range, values, from = range.from) {
      waiting.push({ group, bulks: bulksOf(name, range, values, from) });
      pump();
    },
    drop(group) {
      waiting = group === undefined ? [] : waiting.filter((it) => it.group !== group);
    },
  };
}

function* bulksOf(name: BulkName, range: FlatRange, values: Float32Array, from: number): Iterator<Bulk> {
  for (const slice of slicesOf(values, { from, to: from + values.length })) yield { ...name, range, ...slice };
}
