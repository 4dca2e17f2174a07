// worker-turn.ts: one event of a worker being handled, and what several parts of the worker say. It lives for one call.
import { sameNode, sameWork } from './leases.ts';
import type { Done } from './messages.ts';
import type { Pushing, WorkerAction, WorkerConfig, WorkerState } from './worker-types.ts';

export interface Turn {
  readonly config: WorkerConfig;
  /** Replaced, never changed in place. */
  state: WorkerState;
  readonly actions: WorkerAction[];
}

export function set(turn: Turn, change: Partial<WorkerState>): void {
  turn.state = { ...turn.state, ...change };
}

/** To the coordinator, unless it is away: then it asks again when it is back. */
export function send(turn: Turn, message: Extract<WorkerAction, { kind: 'send' }>['message']): void {
  if (turn.state.welcomed) turn.actions.push({ kind: 'send', message });
}

/** Says which version this worker can compute with. */
export function tellHolding(turn: Turn): void {
  const { term, held } = turn.state;
  if (held) send(turn, { type: 'holding', term, version: held.version });
}

/** A lease is answered. What belongs to the newest work is kept, should the coordinator lease the node again. */
export function tellDone(turn: Turn, { lease, also, work, totals }: Omit<Pushing, 'acked'>): void {
  const { kind, epoch, step, version, node } = work;
  const name = { kind, epoch, step, version };
  const { term } = turn.state;
  const messages = [lease, ...also].map((it): Done => ({ type: 'done', term, lease: it, work: name, node, totals }));
  for (const message of messages) send(turn, message);
  const kept = turn.state.done.filter((it) => sameWork(it.work, name) && !sameNode(it.node, node));
  set(turn, { done: [...kept, messages[0]!] });
}

/** A lease whose step has been applied without it: answered, so that the coordinator knows that this worker is free. */
export function tellLate(turn: Turn, { lease, also, work }: Pick<Pushing, 'lease' | 'also' | 'work'>): void {
  const { kind, epoch, step, version, node } = work;
  const { term } = turn.state;
  for (const it of [lease, ...also])
    send(turn, { type: 'done', term, lease: it, work: { kind, epoch, step, version }, node, totals: [] });
}
