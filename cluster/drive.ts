// drive.ts: runs a pure machine: one event after another, each action in order. Not the actions themselves.

import { failpoint, isArmed, nameOf } from './failpoints.ts';

export interface Drive<S, E> {
  /** Hands the machine an event. From inside an action: it is handled when that event's actions are done. */
  feed(event: E): void;
  readonly state: S;
}

export function drive<S, E, A extends { readonly kind: string }>(
  start: S,
  handle: (state: S, event: E) => { readonly state: S; readonly actions: readonly A[] },
  act: (action: A) => void,
): Drive<S, E> {
  let state = start;
  let running = false;
  function disturbed(action: A): void {
    failpoint(`before ${nameOf(action)}`);
    act(action);
    failpoint(`after ${nameOf(action)}`);
  }
  const waiting: E[] = [];
  return {
    feed(event) {
      waiting.push(event);
      if (running) return;
      running = true;
      try {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          const result = handle(state, next);
          state = result.state;
          for (const action of result.actions) isArmed ? disturbed(action) : act(action);
        }
      } finally {
        running = false;
      }
    },
    get state() {
      return state;
    },
  };
}
