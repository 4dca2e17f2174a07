// worker-machine.ts: a worker as a pure function of events: leases are computed one after another, sums are pushed until every server
// has them. No socket, no floats: the driver copies, computes and sends where this says.
import { without } from './flat-ranges.ts';
import { sameNode, sameWork } from './leases.ts';
import type { FromCoordinator, Lease, ServerAddress, Term } from './messages.ts';
import { acked, final, pushTo, settle } from './worker-push.ts';
import { send, set, type Turn, tellDone, tellHolding, tellLate } from './worker-turn.ts';
import type { Pushing, Running, WorkerConfig, WorkerEvent, WorkerResult, WorkerState } from './worker-types.ts';
import { catchUp, takeSlice } from './worker-versions.ts';

/** Sums that may wait for the servers while the next node is computed: so many and one more have room in a worker. */
export const PUSHES = 2;

export function startWorker(): WorkerState {
  return {
    term: 0,
    prepared: null,
    asked: false,
    welcomed: false,
    servers: [],
    attached: [],
    held: null,
    assembling: null,
    missed: false,
    queue: [],
    running: null,
    pushing: [],
    done: [],
    fenced: false,
  };
}

/** The next state, and what is to be done now. */
export function handleWorker(config: WorkerConfig, state: WorkerState, event: WorkerEvent): WorkerResult {
  const turn: Turn = { config, state, actions: [] };
  hear(turn, event);
  compute(turn);
  return { state: turn.state, actions: turn.actions };
}

function hear(turn: Turn, event: WorkerEvent): void {
  const { config, state, actions } = turn;
  switch (event.kind) {
    case 'connected': {
      const { peer, profile } = config;
      actions.push({ kind: 'send', message: { type: 'hello', peer, profile, url: null, pair: 0 } });
      set(turn, { welcomed: false });
      return;
    }
    case 'lost':
      set(turn, { welcomed: false });
      return;
    case 'message':
      message(turn, event.message);
      return;
    case 'prepared': {
      const { kind: _, ...prepared } = event;
      set(turn, { prepared });
      actions.push({ kind: 'servers', servers: state.servers });
      tellReady(turn);
      return;
    }
    case 'attached': {
      set(turn, { attached: [...state.attached.filter((it) => it !== event.server), event.server] });
      attach(turn, event.server);
      for (const push of state.pushing) pushTo(turn, event.server, push);
      return;
    }
    case 'detached': {
      const others = (names: readonly string[]) => names.filter((it) => it !== event.server);
      const { running } = state;
      set(turn, {
        attached: others(state.attached),
        running: running && { ...running, sentTo: others(running.sentTo) },
      });
      return;
    }
    case 'ack':
      acked(turn, event.server, event.message);
      return;
    case 'params':
      takeSlice(turn, event.server, event.slice);
      return;
    case 'final':
      final(turn, event.lease, event.ranges);
      return;
    case 'computed':
      computed(turn, event.lease, event.totals);
      return;
  }
}

function message(turn: Turn, message: FromCoordinator): void {
  const { state, actions } = turn;
  switch (message.type) {
    case 'welcome':
      set(turn, { welcomed: true });
      if (message.term !== state.term) enter(turn, message.term, message.servers);
      else set(turn, { queue: [] }); // the coordinator has forgotten them: it leases anew
      if (state.prepared) {
        tellReady(turn);
        return;
      }
      if (!state.asked) actions.push({ kind: 'prepare', job: message.job });
      set(turn, { asked: true });
      return;
    case 'fence':
      message.term === state.term ? relieve(turn) : enter(turn, message.term, message.servers);
      return;
    case 'lease':
      take(turn, message);
      return;
    case 'refuse':
      actions.push({ kind: 'stop', problem: message.problem });
      return;
    case 'bye':
      actions.push({ kind: 'stop', problem: null });
  }
}

function tellReady(turn: Turn): void {
  const { term, prepared, fenced } = turn.state;
  send(turn, { type: 'ready', term, ...prepared! });
  if (!fenced) tellHolding(turn);
}

/** What is under way is not wanted. */
function drop(turn: Turn): void {
  const { running, pushing } = turn.state;
  if (running && !running.void) turn.actions.push({ kind: 'cancel', lease: running.lease });
  for (const { lease } of pushing) turn.actions.push({ kind: 'release', lease });
  set(turn, { queue: [], pushing: [], running: running && { ...running, void: true } });
}

/** A new term: nothing that came before it counts. */
function enter(turn: Turn, term: Term, servers: readonly ServerAddress[]): void {
  drop(turn);
  const before = turn.state;
  const stays = (name: string): boolean => {
    const [old, now] = [before.servers, servers].map((list) => list.find((it) => it.name === name));
    return old !== undefined && old.url === now?.url;
  };
  const attached = before.attached.filter(stays);
  const done = turn.config.bugs.has('stale-term') ? before.done : [];
  set(turn, { term, servers, attached, held: null, assembling: null, missed: false, done, fenced: false });
  if (!before.prepared) return;
  turn.actions.push({ kind: 'servers', servers });
  for (const server of attached) attach(turn, server);
}

/** Fenced in its own term: others have its nodes. It gets new ones when it has said what it holds, and nothing runs any more. */
function relieve(turn: Turn): void {
  drop(turn);
  const fenced = turn.state.running !== null;
  set(turn, { fenced });
  if (!fenced) tellHolding(turn);
}

function attach(turn: Turn, server: string): void {
  const { term } = turn.state;
  turn.actions.push({ kind: 'tell', server, message: { type: 'attach', peer: turn.config.peer, term, pair: 0 } });
}

/** Takes a lease; what of it is computed already, or being computed, is not computed again. */
function take(turn: Turn, { term, lease, work }: Lease): void {
  const { state } = turn;
  const { held, running, pushing, queue } = state;
  if (term !== state.term) return;
  // a lease of another term, void but still running, may have the same number
  if ([...queue, ...pushing, running?.void ? null : running].some((it) => it?.lease === lease)) return;
  if (held && work.version < held.version) {
    tellLate(turn, { lease, also: [], work });
    return;
  }
  const before = state.done.find((it) => sameWork(it.work, work) && sameNode(it.node, work.node));
  if (before) {
    tellDone(turn, { lease, also: [], work, totals: before.totals });
    return;
  }
  const same = (it: Pick<Pushing, 'work'>): boolean => sameWork(it.work, work) && sameNode(it.work.node, work.node);
  if (running && !running.void && same(running)) {
    set(turn, { running: { ...running, also: [...running.also, lease] } });
    return;
  }
  if (pushing.some(same)) {
    set(turn, { pushing: pushing.map((it) => (same(it) ? { ...it, also: [...it.also, lease] } : it)) });
    return;
  }
  set(turn, { queue: [...queue, { lease, work }] });
  if (running) turn.actions.push({ kind: 'ahead', work });
}

/** Begins the next node, if nothing runs. */
function compute(turn: Turn): void {
  const { running, pushing, queue, held, attached } = turn.state;
  if (running || !held || pushing.length >= PUSHES) return;
  const any = turn.config.bugs.has('lease-without-version');
  const next = queue.find((it) => any || it.work.version === held.version);
  if (!next) return;
  const { copy } = held;
  const begun: Running = { ...next, also: [], copy, void: false, early: [], sentTo: attached, acked: [] };
  set(turn, { queue: queue.filter((it) => it !== next), running: begun });
  turn.actions.push({ kind: 'compute', ...next, copy });
}

function computed(turn: Turn, lease: number, totals: readonly number[]): void {
  const { running, held, attached, fenced } = turn.state;
  if (running?.lease !== lease) return;
  set(turn, { running: null, fenced: false });
  const { also, work, early, sentTo, acked } = running;
  const late = held !== null && work.version < held.version;
  if (running.void || late || work.kind === 'evaluate') turn.actions.push({ kind: 'release', lease });
  if (running.void) {
    if (fenced) tellHolding(turn);
  } else if (late) tellLate(turn, running);
  else if (work.kind === 'evaluate') tellDone(turn, { lease, also, work, totals });
  else {
    const push: Pushing = { lease, also, work, totals, acked };
    set(turn, { pushing: [...turn.state.pushing, push] });
    for (const server of attached)
      pushTo(turn, server, push, (range) => without(range, sentTo.includes(server) ? early : []));
    settle(turn, push);
  }
  catchUp(turn);
}
