// server-push.ts: the sums of nodes as they come to a server: what is stored, what is acked, what is turned away. Not the adding.
import { endLeaf, type Node, rootOf } from '../trainer/tree.ts';
import type { Link } from './coordinator-types.ts';
import { sameNode } from './leases.ts';
import { badPush } from './problems.ts';
import { isWhole, nothing, receive } from './received.ts';
import { isInside, set, spanOf, type Turn } from './server-turn.ts';
import type { NodeState, Slice } from './server-types.ts';

/** Takes a slice of a node's sums. */
export function push(turn: Turn, link: Link, slice: Slice): void {
  const { state, config } = turn;
  const { term, step, node } = slice;
  // begun anew, or given another range: it has no version until the next term, in which this push is void
  if (state.version === null && (term >= state.term || state.prepared === null)) return;
  const leaves = state.prepared?.microShards ?? 0;
  if (node === null || !isNodeOf(leaves, node)) {
    close(turn, link, `node ${JSON.stringify(node)}`, `one over ${leaves} leaves`);
    return;
  }
  // a worker pushes at a version of which this server gave it a part: neither can be ahead of it
  if (term > state.term || (term === state.term && step > state.version!)) {
    close(turn, link, `term ${term}, step ${step}`, `term ${state.term}, step ${state.version} or older`);
    return;
  }
  // late: the step is computed without it
  const early = term < state.term && !config.bugs.has('stale-term');
  if (early || step !== state.version || state.applying !== null) {
    ack(turn, [link], slice);
    return;
  }
  if (slice.vector !== 0 || !isInside(slice, state.range!)) {
    close(turn, link, `floats from ${slice.from} of vector ${slice.vector}`, JSON.stringify(state.range));
    return;
  }
  const before = state.nodes.find((it) => sameNode(it.node, node));
  if (before?.complete) {
    ack(turn, [link], slice);
    return;
  }
  if (slice.finite === false) {
    flawed(turn, link, slice);
    return;
  }
  const had = before?.received ?? nothing(1);
  const received = receive(had, 0, spanOf(slice));
  if (received !== had) turn.actions.push({ kind: 'store', slice });
  const links = [...(before?.links ?? []).filter((it) => it !== link), link];
  const complete = isWhole(received, state.range!);
  const after: NodeState = { node, received, complete, links: complete ? [] : links };
  set(turn, { nodes: [...state.nodes.filter((it) => it !== before), after] });
  if (complete || config.bugs.has('early-ack')) ack(turn, links, slice);
}

/** Sums that are not finite are nobody's: the coordinator hears whose they were. What others sent of the node stands. */
function flawed(turn: Turn, link: Link, { term, step, node }: Slice): void {
  const { connected, attached, nodes } = turn.state;
  const worker = attached.find((it) => it.link === link)?.name;
  const alone = (it: NodeState) => sameNode(it.node, node!) && it.links.every((other) => other === link);
  set(turn, { nodes: nodes.filter((it) => !alone(it)) });
  if (nodes.some(alone)) turn.actions.push({ kind: 'free', nodes: [node!] });
  if (connected && worker !== undefined)
    turn.actions.push({ kind: 'send', message: { type: 'flawed', term, step, node: node!, worker } });
}

function ack(turn: Turn, links: readonly Link[], { term, step, node }: Slice): void {
  for (const link of links)
    turn.actions.push({ kind: 'answer', link, message: { type: 'ack', term, step, node: node! } });
}

function close(turn: Turn, link: Link, got: string, expected: string): void {
  turn.actions.push({ kind: 'close', link, problem: badPush('take a push', got, expected) });
}

const isNodeOf = (leaves: number, node: Node): boolean =>
  node.level >= 0 &&
  node.level <= rootOf(leaves).level &&
  node.index >= 0 &&
  endLeaf(node) <= 2 ** rootOf(leaves).level;
