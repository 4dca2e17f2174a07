// membership.ts: who belongs to the run, and the terms: servers take seats, workers pass the joining gate. Not who does what.
import { canonicalJson } from '../base/hash.ts';
import { handleStep, startSteps } from '../trainer/step-machine.ts';
import { rootOf } from '../trainer/tree.ts';
import { end } from './commit.ts';
import type { Link, ServerSeat, WorkerSeat } from './coordinator-types.ts';
import { loseWorker } from './leases.ts';
import type { Attach, Flawed, Hello, Ready, ServerAddress } from './messages.ts';
import * as problems from './problems.ts';
import { differenceOf } from './sketch.ts';
import { refuse, send, set, setSeat, setWorker, type Turn, tell, tellWaiting } from './turn.ts';

/** First message of a connection, also after a reconnection. */
export function hello(turn: Turn, link: Link, message: Hello): void {
  const { config } = turn;
  const { name, role } = message.peer;
  const [ours, theirs] = [config.profile, message.profile].map((it) => canonicalJson(it));
  if (ours !== theirs && !(role === 'worker' && config.tolerated)) {
    refuse(turn, link, name, problems.otherProfile(name, theirs!, ours!));
    return;
  }
  if (role === 'server') helloServer(turn, link, message);
  else helloWorker(turn, link, message);
}

function helloServer(turn: Turn, link: Link, { peer: { name, incarnation }, url }: Hello): void {
  const { seats } = turn.state;
  const index = seatFor(seats, name);
  const seat = seats[index];
  if (!seat || url === null) {
    refuse(turn, link, name, problems.noSeat(name, seats.length));
    return;
  }
  const back = seat.name === name && seat.incarnation === incarnation && seat.url === url;
  replaceLink(turn, seat, link, name, seat.incarnation === incarnation);
  setSeat(turn, index, { name, incarnation, url, link, version: back ? seat.version : null });
  tell(turn, { news: 'joined', role: 'server', name });
  welcome(turn, link, seat.range);
  // what was in its memory is gone
  if (!back || turn.state.phase === 'gathering') {
    gather(turn);
    return;
  }
  remind(turn, turn.state.seats[index]!);
}

/** The seat of that name; else one that nobody ever had, or whose server has gone. */
function seatFor(seats: readonly ServerSeat[], name: string): number {
  for (const fits of [
    (seat: ServerSeat) => seat.name === name,
    (seat: ServerSeat) => seat.name === null,
    (seat: ServerSeat) => seat.link === null,
  ]) {
    const index = seats.findIndex(fits);
    if (index >= 0) return index;
  }
  return -1;
}

/** A server is back with its memory: it is told again what it may not have heard. */
function remind(turn: Turn, seat: ServerSeat): void {
  const { phase, term, checkpoint, open, dumping } = turn.state;
  if (phase === 'loading' && seat.version !== checkpoint.version) load(turn, seat);
  if (open?.applying && seat.version === open.work.version) send(turn, seat.link, open.applying.message);
  if (dumping !== null) send(turn, seat.link, { type: 'dump', term, version: dumping });
}

function helloWorker(turn: Turn, link: Link, { peer: { name, incarnation }, profile }: Hello): void {
  const before = turn.state.workers.find((w) => w.name === name);
  const { max } = turn.config.workers;
  if (!before && turn.state.workers.length >= max) {
    refuse(turn, link, name, problems.full(name, max));
    return;
  }
  if (before) {
    replaceLink(turn, before, link, name, before.incarnation === incarnation);
    leave(turn, before);
  }
  const idle = { ready: false, unit: 1, holding: null, fenced: false, leafMs: null, busy: [] };
  const seat: WorkerSeat = { name, incarnation, link, profile, ...idle };
  set(turn, { workers: [...turn.state.workers, seat] });
  welcome(turn, link, null);
}

/** The newest connection of a name counts: the one before may be half-open, or a process that was started twice. */
function replaceLink(turn: Turn, seat: { link: Link | null }, link: Link, name: string, same: boolean): void {
  if (seat.link === null || seat.link === link) return;
  turn.actions.push({ kind: 'close', link: seat.link, problem: same ? null : problems.replaced(name) });
}

function welcome(turn: Turn, link: Link, range: ServerSeat['range'] | null): void {
  const { term, checkpoint } = turn.state;
  const { job } = turn.config;
  send(turn, link, { type: 'welcome', term, job, servers: addresses(turn), range, version: checkpoint.version });
}

/** Servers of this term; none before it begins. */
function addresses({ state }: Turn): readonly ServerAddress[] {
  if (state.phase === 'gathering') return [];
  return state.seats.map(({ name, url, range }) => ({ name: name!, url: url!, range }));
}

/** The joining gate. */
export function ready(turn: Turn, worker: WorkerSeat, message: Ready): void {
  const { name, link } = worker;
  const { config } = turn;
  const { tolerated } = config;
  const reference = turn.state.reference ?? message.reference;
  const turnAway = (problem: ReturnType<typeof problems.otherData>): void => {
    refuse(turn, link, name, problem);
    leave(turn, worker);
  };
  if (message.dataset !== config.dataset) {
    turnAway(problems.otherData(name, message.dataset, config.dataset));
    return;
  }
  if (message.decoder !== config.decoder) {
    turnAway(problems.otherDecoder(name, message.decoder ?? 'none', config.decoder ?? 'none'));
    return;
  }
  if (tolerated) {
    const { tolerance, sketch } = tolerated;
    const difference = differenceOf(message.sketch, sketch);
    if (!(difference <= tolerance)) {
      turnAway(problems.beyondTolerance(name, canonicalJson(worker.profile), difference, tolerance));
      return;
    }
  } else if (message.reference !== reference) {
    turnAway(problems.otherBits(name, message.reference, reference));
    return;
  }
  const most = 2 ** rootOf(config.schedule.microShards).level;
  if (message.unit > most || !Number.isInteger(Math.log2(message.unit))) {
    turnAway(problems.wrongUnit(name, message.unit, most));
    return;
  }
  if (!tolerated) set(turn, { reference });
  setWorker(turn, link, { ready: true, unit: message.unit });
  if (!worker.ready) tell(turn, { news: 'joined', role: 'worker', name });
}

/** A worker's sums are not finite. Others compute the node; if theirs are the same, or there are none, it is the job's doing. */
export function flawed(turn: Turn, { term, step, node, worker: name }: Flawed): void {
  const { open, workers } = turn.state;
  if (term !== turn.state.term || !open || open.applying || open.work.kind !== 'gradient' || open.work.step !== step)
    return;
  const worker = workers.find((it) => it.name === name);
  if (!worker) return;
  const others = workers.some((it) => it.ready && it !== worker);
  if (!others || open.flawed.some((it) => it !== name)) {
    end(turn, open.work, false, []);
    return;
  }
  set(turn, { open: { ...open, flawed: [...open.flawed, name] } });
  refuse(turn, worker.link, name, problems.notFiniteSums(name, step, node));
  leave(turn, worker);
}

/** A connection is gone. A server may come back with its memory, so nothing is decided yet. */
export function closed(turn: Turn, link: Link): void {
  const worker = turn.state.workers.find((w) => w.link === link);
  if (worker) leave(turn, worker);
  const index = turn.state.seats.findIndex((s) => s.link === link);
  if (index < 0) return;
  tell(turn, { news: 'left', role: 'server', name: turn.state.seats[index]!.name! });
  setSeat(turn, index, { link: null });
  waitForServers(turn);
}

function leave(turn: Turn, worker: WorkerSeat): void {
  set(turn, { workers: turn.state.workers.filter((w) => w.link !== worker.link) });
  loseWorker(turn, worker.name, 'gone');
  if (worker.ready) tell(turn, { news: 'left', role: 'worker', name: worker.name });
}

function waitForServers(turn: Turn): void {
  const { seats } = turn.state;
  const have = seats.filter((seat) => seat.link !== null).length;
  tellWaiting(turn, have < seats.length ? { news: 'waiting-for-servers', have, need: seats.length } : null);
}

/** The term is over, what was under way is void. The next one begins as soon as every seat is taken. */
export function gather(turn: Turn): void {
  const { dumping, seats } = turn.state;
  if (dumping !== null) turn.actions.push({ kind: 'undump' });
  set(turn, { phase: 'gathering', open: null, dumping: null });
  waitForServers(turn);
  if (seats.every((seat) => seat.link !== null)) beginTerm(turn);
}

function beginTerm(turn: Turn): void {
  const { config, state } = turn;
  const { version } = state.checkpoint;
  const term = state.term + 1;
  const { jobHash: job, dataset, seed } = config;
  const { samples, batch } = config.schedule;
  if (!config.bugs.has('forgotten-rollback') || !state.begun) {
    const record = { record: 'open', term, job, dataset, samples, batch, seed, version } as const;
    turn.actions.push({ kind: 'log', record, sync: true });
  }
  tell(turn, { news: 'term', term, version, rollback: state.begun });
  const steps = startSteps({ ...config.schedule, from: version });
  set(turn, {
    term,
    phase: 'loading',
    begun: true,
    steps: state.interrupts > 0 ? handleStep(config.schedule, steps, { kind: 'interrupt' }).state : steps,
    seats: state.seats.map((seat) => ({ ...seat, version: null })),
    workers: state.workers.map((w) => ({ ...w, holding: null, fenced: false, busy: [] })),
  });
  const servers = addresses(turn);
  for (const { link } of [...turn.state.seats, ...turn.state.workers])
    send(turn, link, { type: 'fence', term, servers, version });
  for (const seat of turn.state.seats) load(turn, seat);
}

function load(turn: Turn, { link }: ServerSeat): void {
  const { term, checkpoint } = turn.state;
  send(turn, link, { type: 'load', term, version: checkpoint.version });
}

/** A server has heard of the version that it is to load, and takes it now. */
export function asked(turn: Turn, { link, range, version }: ServerSeat, message: Attach): void {
  const { phase, term, checkpoint } = turn.state;
  if (phase !== 'loading' || message.term !== term || version === checkpoint.version) return;
  turn.actions.push({ kind: 'load', link: link!, term, checkpoint, range });
}

/** Asked to stop: what is open is finished and saved where that can be. */
export function interrupt(turn: Turn, reason?: 'early-stopping'): void {
  const { interrupts, steps } = turn.state;
  set(turn, {
    interrupts: interrupts + (reason ? 0 : 1),
    steps: handleStep(turn.config.schedule, steps, { kind: 'interrupt', ...(reason && { reason }) }).state,
  });
}
