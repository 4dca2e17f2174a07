// commit.ts: from done nodes to a committed version: which nodes are added, when a step is applied, logged, saved. It runs the step
// machine of trainer/. No arithmetic on tensors: totals are a few f64.
import { handleStep, type StepAction, type StepEvent, type StopReason } from '../trainer/step-machine.ts';
import { firstLeaf, type Node, reduceProgram, rootOf } from '../trainer/tree.ts';
import { activeLeaves, rowsOf, type Work } from '../trainer/work.ts';
import type { CoordinatorEvent, DoneNode, OpenWork } from './coordinator-types.ts';
import { sameNode } from './leases.ts';
import type { Applied, Vote } from './messages.ts';
import { send, set, setSeat, type Turn, tell } from './turn.ts';

/** Disjoint done nodes that cover all active leaves: the largest there are, since nodes of a tree nest. Null: not yet. */
export function chooseCover(done: readonly DoneNode[], work: Work): readonly DoneNode[] | null {
  const chosen: DoneNode[] = [];
  const visit = (node: Node): boolean => {
    if (firstLeaf(node) >= activeLeaves(work)) return true;
    const whole = done.find((it) => sameNode(it.node, node));
    if (whole) {
      chosen.push(whole);
      return true;
    }
    if (node.level === 0) return false;
    return [0, 1].every((side) => visit({ level: node.level - 1, index: node.index * 2 + side }));
  };
  return visit(rootOf(work.shares.length)) ? chosen : null;
}

/** Totals added in the tree, in f64, as the in-process store does. */
export function addTotals(cover: readonly Pick<DoneNode, 'node' | 'totals'>[], work: Work): readonly number[] {
  const nodes = cover.map((it) => it.node);
  const stack: (readonly number[])[] = [];
  for (const entry of reduceProgram(nodes, activeLeaves(work))) {
    if (entry !== '+') stack.push(cover[entry]!.totals);
    else {
      const right = stack.pop()!;
      stack.push(stack.pop()!.map((value, i) => value + right[i]!));
    }
  }
  return stack[0]!;
}

/** Goes on with the open work if its nodes are all done. */
export function settle(turn: Turn): void {
  const { config } = turn;
  const { open, term } = turn.state;
  if (!open || open.applying) return;
  const { work } = open;
  const disjoint = chooseCover(open.done, work);
  if (!disjoint) return;
  const cover = config.bugs.has('overlapping-cover') ? open.done : disjoint;
  const totals = config.bugs.has('double-count') ? plainSum(open.done) : addTotals(disjoint, work);
  const finite = Number.isFinite(totals[0]);
  if (!finite || work.kind === 'evaluate') {
    end(turn, work, finite, totals);
    return;
  }
  const message = {
    type: 'apply',
    term,
    version: work.version,
    epoch: work.epoch,
    leaves: activeLeaves(work),
    nodes: cover.map((it) => it.node),
    scalars: config.scalars(work.step + 1).map(Math.fround),
    rounds: config.votes.rounds(work.step + 1),
    votes: [],
  } as const;
  ask(turn, { ...open, applying: { cover, totals, message, votes: [] } });
}

/** All servers are to vote, or to update. */
function ask(turn: Turn, open: OpenWork): void {
  const { seats } = turn.state;
  const applying = { ...open.applying!, votes: seats.map(() => null) };
  set(turn, { open: { ...open, applying } });
  for (const { link } of seats) send(turn, link, applying.message);
}

/** A server has voted: with the last of a round, the next begins. @returns whether the vote is one that it can give */
export function vote(turn: Turn, seat: number, { term, version, round, sums }: Vote): boolean {
  const { open } = turn.state;
  if (term !== turn.state.term || !open?.applying || version !== open.work.version) return true;
  const { message } = open.applying;
  if (round !== message.votes.length || round >= message.rounds) return true; // told twice
  const votes = open.applying.votes.map((other, i) => (i === seat ? sums : other));
  set(turn, { open: { ...open, applying: { ...open.applying, votes } } });
  if (votes.includes(null)) return true;
  const joined = turn.config.votes.join(round, votes as readonly (readonly number[])[], version + 1);
  if (joined === null) return false;
  const next = { ...message, votes: [...message.votes, joined] };
  ask(turn, { ...open, applying: { ...open.applying, message: next } });
  return true;
}

/** A piece of work that no version comes of: it was an evaluation, or its sums are not finite. */
export function end(turn: Turn, work: Work, finite: boolean, totals: readonly number[]): void {
  set(turn, { open: null, newest: work });
  if (!finite && turn.state.steps.stopping !== 'not-finite') turn.actions.push({ kind: 'notFinite', work });
  step(turn, { kind: 'settled', work, finite }, totals);
}

/** What the planted bug adds instead of the tree. */
const plainSum = (done: readonly DoneNode[]): readonly number[] =>
  done.map((it) => it.totals).reduce((a, b) => a.map((value, i) => value + b[i]!));

/** A server holds a version: loaded or applied. */
export function applied(turn: Turn, seat: number, message: Applied): void {
  const { config } = turn;
  if (message.term !== turn.state.term) return;
  setSeat(turn, seat, { version: message.version });
  const { phase, seats, checkpoint, open } = turn.state;
  const all = (version: number): boolean =>
    config.bugs.has('commit-before-applied')
      ? seats.some((it) => it.version === version)
      : seats.every((it) => it.version === version);
  if (phase === 'loading' && seats.every((it) => it.version === checkpoint.version)) set(turn, { phase: 'running' });
  if (open?.applying && all(open.work.version + 1)) commit(turn, open);
}

function commit(turn: Turn, { work, applying }: OpenWork): void {
  const { term } = turn.state;
  const { cover, totals } = applying!;
  const record = {
    record: 'commit',
    term,
    step: work.step,
    version: work.version + 1,
    draws: turn.config.draws(work.step),
    rows: rowsOf(work),
    totals,
    nodes: cover.map(({ node, worker }) => ({ node, worker })),
  } as const;
  turn.actions.push({ kind: 'log', record, sync: false });
  set(turn, { open: null, newest: work });
  step(turn, { kind: 'settled', work, finite: true }, totals);
}

/** A version stands in a checkpoint, or could not be kept. */
export function dumped(turn: Turn, event: Extract<CoordinatorEvent, { readonly kind: 'dumped' }>): void {
  const { term, dumping, newest } = turn.state;
  const { version, path, finite } = event;
  if (event.term !== term || version !== dumping) return;
  set(turn, { dumping: null });
  if (!finite && newest) turn.actions.push({ kind: 'notFinite', work: { ...newest, version } });
  else if (path === null && event.problem) tell(turn, { news: 'not-saved', version, problem: event.problem });
  if (finite && path !== null) {
    turn.actions.push({ kind: 'log', record: { record: 'checkpoint', term, version, path }, sync: true });
    set(turn, { checkpoint: { version, path } });
  }
  step(turn, { kind: 'saved', finite }, []);
}

/** Opens, saves and stops as the step machine says, until it waits. */
export function pump(turn: Turn): void {
  const ready = () => turn.state.phase === 'running' && turn.state.open === null && turn.state.dumping === null;
  while (ready()) if (!step(turn, { kind: 'want' }, [])) return;
}

/** @returns whether the machine had anything to say */
function step(turn: Turn, event: StepEvent, totals: readonly number[]): boolean {
  const { state, actions } = handleStep(turn.config.schedule, turn.state.steps, event);
  set(turn, { steps: state });
  for (const action of actions) act(turn, action, totals);
  return actions.length > 0;
}

function act(turn: Turn, action: StepAction, totals: readonly number[]): void {
  const { term, seats } = turn.state;
  switch (action.kind) {
    case 'open':
      set(turn, { open: { work: action.work, leases: [], done: [], late: 0, flawed: [], applying: null } });
      return;
    case 'commit':
      turn.actions.push({ kind: 'committed', work: action.work, totals, epochEnd: action.epochEnd });
      return;
    case 'counted':
      turn.actions.push({ kind: 'counted', work: action.work, totals, last: action.last });
      return;
    case 'save':
      set(turn, { dumping: action.version });
      for (const { link } of seats) send(turn, link, { type: 'dump', term, version: action.version });
      turn.actions.push({ kind: 'dump', term, version: action.version });
      return;
    case 'stop':
      stop(turn, action.reason);
      return;
  }
}

export function stop(turn: Turn, reason: StopReason): void {
  if (turn.state.phase === 'stopped') return;
  for (const { link } of [...turn.state.seats, ...turn.state.workers]) send(turn, link, { type: 'bye', reason });
  set(turn, { phase: 'stopped', open: null });
  turn.actions.push({ kind: 'stop', reason });
}
