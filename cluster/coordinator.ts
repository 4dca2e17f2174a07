// coordinator.ts: the coordinator as a pure function of events and time: which part of it hears of what. No socket, file or clock;
// membership.ts, leases.ts and commit.ts decide.
import { startSteps } from '../trainer/step-machine.ts';
import { applied, dumped, pump, stop, vote } from './commit.ts';
import type {
  Checkpoint,
  CoordinatorConfig,
  CoordinatorEvent,
  CoordinatorResult,
  CoordinatorState,
  Link,
} from './coordinator-types.ts';
import { done, grant } from './leases.ts';
import { asked, closed, flawed, gather, hello, interrupt, ready } from './membership.ts';
import type { Term, ToCoordinator } from './messages.ts';
import { refuse, set, setWorker, type Turn } from './turn.ts';

/** @param lastTerm of the log's last open record, 0 for an empty log */
export function startCoordinator(config: CoordinatorConfig, lastTerm: Term, checkpoint: Checkpoint): CoordinatorState {
  const seat = { name: null, incarnation: null, url: null, link: null, version: null };
  return {
    term: lastTerm,
    phase: 'gathering',
    checkpoint,
    begun: lastTerm > 0,
    seats: config.ranges.map((range) => ({ range, ...seat })),
    workers: [],
    steps: startSteps({ ...config.schedule, from: checkpoint.version }),
    open: null,
    dumping: null,
    reference: config.reference,
    nextLease: 1,
    leafTimes: [],
    newest: null,
    waiting: null,
    interrupts: 0,
  };
}

/**
 * The next state, and what is to be done now.
 * @param now ms of a monotonic clock
 */
export function handleCoordinator(
  config: CoordinatorConfig,
  state: CoordinatorState,
  event: CoordinatorEvent,
  now: number,
): CoordinatorResult {
  if (state.phase === 'stopped') return { state, actions: [] };
  const turn: Turn = { config, now, state, actions: [] };
  hear(turn, event);
  pump(turn);
  grant(turn);
  if (isStuck(turn.state, config)) stop(turn, 'interrupted');
  return { state: turn.state, actions: turn.actions };
}

function hear(turn: Turn, event: CoordinatorEvent): void {
  switch (event.kind) {
    case 'message':
      message(turn, event.link, event.message);
      return;
    case 'closed':
      closed(turn, event.link);
      return;
    case 'dumped':
      dumped(turn, event);
      return;
    case 'fallback':
      set(turn, { checkpoint: event.checkpoint });
      gather(turn);
      return;
    case 'interrupt':
      interrupt(turn, event.reason);
      return;
    case 'tick':
      return;
  }
}

function message(turn: Turn, link: Link, message: ToCoordinator): void {
  if (message.type === 'ping' || message.type === 'pong' || message.type === 'report') return;
  if (message.type === 'hello') {
    hello(turn, link, message);
    return;
  }
  const worker = turn.state.workers.find((w) => w.link === link);
  const seat = turn.state.seats.findIndex((s) => s.link === link);
  if (worker) {
    if (message.type === 'ready') {
      ready(turn, worker, message);
      return;
    }
    if (message.type === 'done') {
      done(turn, worker, message);
      return;
    }
    if (message.type === 'holding') {
      if (message.term === turn.state.term) setWorker(turn, link, { holding: message.version, fenced: false });
      return;
    }
  }
  if (seat >= 0 && message.type === 'attach') {
    asked(turn, turn.state.seats[seat]!, message);
    return;
  }
  if (seat >= 0 && message.type === 'applied') {
    applied(turn, seat, message);
    return;
  }
  if (seat >= 0 && message.type === 'vote' && vote(turn, seat, message)) return;
  if (seat >= 0 && message.type === 'flawed') {
    flawed(turn, message);
    return;
  }
  const expected = worker ? 'what a worker says' : seat >= 0 ? 'what a server says' : 'hello';
  refuse(turn, link, worker?.name ?? turn.state.seats[seat]?.name ?? `link ${link}`, {
    code: 'SHOAL_OUT_OF_TURN',
    operation: 'hear a message',
    got: message.type,
    expected,
    hint: 'Do both ends run the same version of Shoal?',
  });
  closed(turn, link);
}

/** Interrupted, and nobody there to finish what is open: what is kept is the newest checkpoint. */
function isStuck({ interrupts, phase, seats, workers, open }: CoordinatorState, config: CoordinatorConfig): boolean {
  if (interrupts === 0 || phase === 'stopped') return false;
  if (interrupts > 1 || phase !== 'running' || seats.some((seat) => seat.link === null)) return true;
  return open !== null && open.applying === null && workers.filter((w) => w.ready).length < config.workers.min;
}
