// leases.ts: which worker computes which nodes of the open work, and for how long before others may. Not what becomes of the sums.
import { cover, endLeaf, firstLeaf, type Node } from '../trainer/tree.ts';
import { activeLeaves, type Work } from '../trainer/work.ts';
import { settle } from './commit.ts';
import type { DoneNode, LeaseState, OpenWork, WorkerSeat } from './coordinator-types.ts';
import type { Done, WorkName } from './messages.ts';
import { smoothed, speedShares } from './shares.ts';
import { send, set, setWorker, type Turn, tell, tellWaiting } from './turn.ts';

/** Times of a leaf that the median is taken of. */
const TIMES = 64;
/** Leases of one piece of work that are remembered beside live ones: a done of a forgotten one is dropped. */
const VOID = 256;

export const sameWork = (a: WorkName, b: WorkName): boolean =>
  a.kind === b.kind && a.step === b.step && a.epoch === b.epoch && a.version === b.version;
export const sameNode = (a: Node, b: Node): boolean => a.level === b.level && a.index === b.index;
const overlap = (a: Node, b: Node): boolean => firstLeaf(a) < endLeaf(b) && firstLeaf(b) < endLeaf(a);
const contains = (outer: Node, inner: Node): boolean =>
  firstLeaf(outer) <= firstLeaf(inner) && endLeaf(inner) <= endLeaf(outer);
/** Leaves with rows under a node. */
export const leavesOf = (node: Node, work: Work): number =>
  Math.max(0, Math.min(endLeaf(node), activeLeaves(work)) - firstLeaf(node));

/** Gives idle workers what nobody computes; then what late ones held; then copies of what takes long. */
export function grant(turn: Turn): void {
  const { config } = turn;
  if (turn.state.phase !== 'running') return;
  const need = config.workers.min;
  let ready = 0; // asked at every event of thousands of workers: counted until they are enough
  for (const { ready: is } of turn.state.workers) if (is && ++ready >= need) break;
  tellWaiting(turn, ready < need ? { news: 'waiting-for-workers', have: ready, need } : null);
  if (ready < need) return;
  for (;;) {
    const { open } = turn.state;
    if (!open || open.applying || isWhole(open)) return;
    const waiting = open.leases.filter((it) => it.status === 'live' && !isCovered(open, it.node));
    const patience = patienceOf(turn, open);
    const held = (it: LeaseState, share: number): boolean => turn.now - it.since > patience(it) * share;
    const late = waiting.find((it) => held(it, 1));
    const slow = waiting.find((it) => held(it, 0.5) && !waiting.some((o) => o !== it && overlap(o.node, it.node)));
    // nothing to give: nobody is asked whether he is idle
    if (!late && !slow && freeBlocks(open, 1).blocks.length === 0) return;
    const idle = turn.state.workers.filter((w) => isIdle(turn, w));
    if (idle.length === 0) return;
    const unit = idle.reduce((most, it) => Math.max(most, it.unit), 1);
    const free = freeBlocks(open, unit);
    if (free.blocks.length > 0) {
      // where each can have one, nobody waits for those who may come
      const more = idle.length < free.blocks.length ? expected(turn, open, idle) : [];
      hand(turn, open, free, idle, more, false);
      return;
    }
    if (late) {
      fence(turn, open, late.worker);
      continue;
    }
    if (!slow) return;
    measure(turn, slow.worker, (turn.now - slow.since) / Math.max(1, slow.leaves)); // it may never end in time to be measured
    const blocks = freeBlocks({ ...open, leases: [] }, unit).blocks.filter((b) =>
      overlap(slow.node, { level: Math.log2(unit), index: b }),
    );
    hand(turn, open, { unit, blocks }, idle, [], true);
  }
}

/** Every leaf is done: nothing is left to give. */
const isWhole = ({ done, work }: OpenWork): boolean =>
  done.reduce((sum, { node }) => sum + leavesOf(node, work), 0) >= activeLeaves(work);

/** Holds the version, and computes nothing. */
function isIdle({ config, state }: Turn, worker: WorkerSeat): boolean {
  const holds = config.bugs.has('lease-without-version') || worker.holding === state.open?.work.version;
  return worker.ready && holds && worker.busy.length === 0;
}

/** Workers that will soon ask for their share of this work: leaves are kept for them, until a worker comes for a second share. */
function expected({ state }: Turn, { leases, done }: OpenWork, idle: readonly WorkerSeat[]): readonly WorkerSeat[] {
  const served = new Set([...leases, ...done].map((it) => it.worker));
  if (idle.every((w) => served.has(w.name))) return [];
  const here = new Set(idle);
  return state.workers.filter(
    (w) => w.ready && !w.fenced && w.busy.length === 0 && !here.has(w) && !served.has(w.name),
  );
}

interface Blocks {
  /** Leaves of a block: no worker computes fewer at once. A power of two. */
  readonly unit: number;
  /** In order. */
  readonly blocks: readonly number[];
}

/** Blocks with a leaf that is neither done nor leased. */
function freeBlocks({ work, done, leases }: OpenWork, unit: number): Blocks {
  const taken = new Uint8Array(activeLeaves(work));
  for (const { node } of done) taken.fill(1, firstLeaf(node), endLeaf(node));
  for (const { node, status } of leases) if (status === 'live') taken.fill(1, firstLeaf(node), endLeaf(node));
  const blocks: number[] = [];
  for (let leaf = 0; leaf < taken.length; leaf++) {
    const block = Math.floor(leaf / unit);
    if (!taken[leaf] && blocks.at(-1) !== block) blocks.push(block);
  }
  return { unit, blocks };
}

/** Splits blocks among the idle workers and those who are expected, by their speed. */
function hand(
  turn: Turn,
  open: OpenWork,
  { unit, blocks }: Blocks,
  idle: readonly WorkerSeat[],
  more: readonly WorkerSeat[],
  backup: boolean,
): void {
  const { work } = open;
  const { term } = turn.state;
  let lease = turn.state.nextLease;
  const leases: LeaseState[] = [];
  const shares = speedShares(
    blocks.length,
    [...idle, ...more].map((it) => it.leafMs),
  );
  for (const [i, worker] of idle.entries()) {
    const { from, to } = shares[i]!;
    if (from === to) continue;
    const busy: number[] = [];
    let leaves = 0;
    for (const node of nodesOf(blocks.slice(from, to), unit)) {
      const own = { ...work, node };
      leaves += leavesOf(node, work);
      leases.push({ lease, worker: worker.name, node, since: turn.now, leaves, status: 'live' });
      send(turn, worker.link, { type: 'lease', term, lease, work: own });
      tell(turn, { news: 'leased', name: worker.name, work: own, backup });
      busy.push(lease++);
    }
    setWorker(turn, worker.link, { busy });
  }
  const live = open.leases.filter((it) => it.status === 'live');
  const remembered = open.leases.filter((it) => it.status === 'void').slice(-VOID);
  set(turn, { nextLease: lease, open: { ...open, leases: [...remembered, ...live, ...leases] } });
}

/** The largest nodes that cover these blocks. */
function nodesOf(blocks: readonly number[], unit: number): readonly Node[] {
  const nodes: Node[] = [];
  for (let i = 0; i < blocks.length; ) {
    let end = i + 1;
    while (end < blocks.length && blocks[end] === blocks[end - 1]! + 1) end++;
    nodes.push(...cover(blocks[i]! * unit, (blocks[end - 1]! + 1) * unit));
    i = end;
  }
  return nodes;
}

/** How long a lease may take, in ms: doubled whenever one of this work was late, so that it ends however slow all are. */
function patienceOf({ config, state }: Turn, open: OpenWork): (lease: LeaseState) => number {
  const times = [...state.leafTimes].sort((a, b) => a - b);
  const median = times[times.length >> 1] ?? 0;
  const grown = 2 ** Math.min(open.late, 20);
  return ({ leaves }) => Math.max(config.leaseFloorMs, 4 * median * leaves) * grown;
}

/** A worker is past its lease and somebody else is idle: its nodes are free. It must say again what it holds. */
function fence(turn: Turn, open: OpenWork, name: string): void {
  const { term, workers, seats, steps } = turn.state;
  set(turn, { open: { ...open, late: open.late + 1 } });
  loseWorker(turn, name, 'late');
  const worker = workers.find((w) => w.name === name);
  if (!worker) return;
  setWorker(turn, worker.link, { holding: null, fenced: true, busy: [] });
  const servers = seats.map((seat) => ({ name: seat.name!, url: seat.url!, range: seat.range }));
  send(turn, worker.link, { type: 'fence', term, servers, version: steps.committed });
  tell(turn, { news: 'fenced', name });
}

/** What this worker computes may be leased to others. */
export function loseWorker(turn: Turn, name: string, why: 'late' | 'gone'): void {
  const { open } = turn.state;
  if (!open || turn.config.bugs.has('lost-lease')) return;
  const leases = open.leases.map((it) => (it.worker === name ? { ...it, status: 'void' as const } : it));
  set(turn, { open: { ...open, leases } });
  const lost = open.leases.filter((it) => it.worker === name && it.status === 'live').length;
  if (lost > 0) tell(turn, { news: 'lost', name, leases: lost, why });
}

const isCovered = (open: OpenWork, node: Node): boolean => {
  for (let leaf = firstLeaf(node); leaf < Math.min(endLeaf(node), activeLeaves(open.work)); leaf++)
    if (!open.done.some((it) => firstLeaf(it.node) <= leaf && leaf < endLeaf(it.node))) return false;
  return true;
};

/** A node's sums stand on all servers. Only of leases of the open work; the first of a node counts. */
export function done(turn: Turn, worker: WorkerSeat, message: Done): void {
  const { bugs } = turn.config;
  const { term, open, leafTimes } = turn.state;
  const stale = message.term !== term && !bugs.has('stale-term');
  if (stale) return;
  setWorker(turn, worker.link, { busy: worker.busy.filter((lease) => lease !== message.lease) });
  if (!open || open.applying || !sameWork(message.work, open.work)) return;
  const lease = open.leases.find((it) => it.lease === message.lease && sameNode(it.node, message.node));
  if (!lease && !bugs.has('stale-term')) return;
  const { name } = worker;
  const { node, totals } = message;
  const before = Math.max(lease?.since ?? 0, ...open.done.filter((it) => it.worker === name).map((it) => it.at));
  const leaves = Math.max(1, leavesOf(node, open.work));
  const ms = turn.now - before;
  measure(turn, name, ms / leaves);
  const leases = open.leases.filter((it) => it !== lease);
  const twice = open.done.some((it) => contains(it.node, message.node));
  if (twice && !bugs.has('double-count')) {
    set(turn, { open: { ...open, leases } });
    return;
  }
  const entry: DoneNode = { node, worker: name, totals, at: turn.now };
  set(turn, {
    open: { ...open, leases, done: [...open.done, entry] },
    leafTimes: [...leafTimes, ms / leaves].slice(-TIMES),
  });
  const samples = open.work.shares.slice(firstLeaf(node), endLeaf(node)).reduce((a, b) => a + b, 0);
  tell(turn, { news: 'done', name, node, leaves, samples, ms });
  settle(turn);
}

/** A leaf took a worker so long, at least. */
function measure(turn: Turn, name: string, ms: number): void {
  const worker = turn.state.workers.find((it) => it.name === name);
  if (worker) setWorker(turn, worker.link, { leafMs: smoothed(worker.leafMs, ms) });
}
