// turn.ts: one event of the coordinator being handled: the state so far and the actions so far. It lives for one call.
import type { Problem } from '../base/errors.ts';
import type {
  CoordinatorAction,
  CoordinatorConfig,
  CoordinatorState,
  Link,
  News,
  ServerSeat,
  WorkerSeat,
} from './coordinator-types.ts';
import type { FromCoordinator } from './messages.ts';

export interface Turn {
  readonly config: CoordinatorConfig;
  readonly now: number;
  /** Replaced, never changed in place: the caller's state stays as it was. */
  state: CoordinatorState;
  readonly actions: CoordinatorAction[];
}

export function set(turn: Turn, change: Partial<CoordinatorState>): void {
  turn.state = { ...turn.state, ...change };
}

export function setWorker(turn: Turn, link: Link, change: Partial<WorkerSeat>): void {
  const { workers } = turn.state;
  const index = workers.findIndex((w) => w.link === link);
  if (index >= 0) set(turn, { workers: workers.with(index, { ...workers[index]!, ...change }) });
}

export function setSeat(turn: Turn, index: number, change: Partial<ServerSeat>): void {
  set(turn, { seats: turn.state.seats.map((seat, i) => (i === index ? { ...seat, ...change } : seat)) });
}

export function send(turn: Turn, link: Link | null, message: FromCoordinator): void {
  if (link !== null) turn.actions.push({ kind: 'send', link, message });
}

export function tell(turn: Turn, news: News): void {
  turn.actions.push({ kind: 'tell', news });
}

export function refuse(turn: Turn, link: Link, name: string, problem: Problem): void {
  tell(turn, { news: 'refused', name, problem });
  turn.actions.push({ kind: 'close', link, problem });
}

/** Tells what is waited for, once; null: nothing is. */
export function tellWaiting(turn: Turn, news: Extract<News, { readonly have: number }> | null): void {
  const waiting = news && `${news.news} ${news.have}/${news.need}`;
  if (waiting === turn.state.waiting) return;
  set(turn, { waiting });
  if (news) tell(turn, news);
}
