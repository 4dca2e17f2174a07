// worker-push.ts: the sums of a worker's nodes on their way to the servers: what goes to whom, early and at the end, and when a node is
// done. It decides by ranges and names; the driver has the floats.
import { within, without } from './flat-ranges.ts';
import { leavesOf, sameNode } from './leases.ts';
import type { Ack, FlatRange } from './messages.ts';
import { set, type Turn, tellDone } from './worker-turn.ts';
import type { Pushing } from './worker-types.ts';

/** Sums leave as soon as they stand, while the rest is being computed. */
export function final(turn: Turn, lease: number, ranges: readonly FlatRange[]): void {
  const { running, held } = turn.state;
  if (running?.lease !== lease || running.void || running.work.version < held!.version) return;
  set(turn, { running: { ...running, early: [...running.early, ...ranges] } });
  for (const server of running.sentTo) pushTo(turn, server, running, (range) => within(range, ranges));
}

/** Sends a server what it is to have of its range: all of it, unless `partsOf` says otherwise. */
export function pushTo(
  turn: Turn,
  server: string,
  { lease, work, acked }: Pick<Pushing, 'lease' | 'work' | 'acked'>,
  partsOf = (range: FlatRange): readonly FlatRange[] => without(range, []),
): void {
  const { term, servers } = turn.state;
  const range = servers.find((it) => it.name === server)?.range;
  const parts = range && !acked.includes(server) ? partsOf(range) : [];
  if (parts.length === 0) return;
  const { step, node } = work;
  const single = leavesOf(node, work) === 1;
  turn.actions.push({ kind: 'push', server, range: range!, parts, lease, term, step, node, single });
}

/** A server has all of a node. It may have had it before, or need it no more: then it says so while the node is still computed. */
export function acked(turn: Turn, server: string, { term, step, node }: Ack): void {
  const { state } = turn;
  const { running, pushing } = state;
  if (term !== state.term) return;
  const same = ({ work }: Pick<Pushing, 'work'>): boolean => work.step === step && sameNode(work.node, node);
  const before = pushing.find(same);
  if (before && !before.acked.includes(server)) {
    const after = { ...before, acked: [...before.acked, server] };
    set(turn, { pushing: pushing.map((it) => (it === before ? after : it)) });
    settle(turn, after);
  } else if (running && !running.void && same(running) && !running.acked.includes(server))
    set(turn, { running: { ...running, acked: [...running.acked, server] } });
}

/** When all servers have a node, it is done. */
export function settle(turn: Turn, push: Pushing): void {
  const { servers, pushing } = turn.state;
  const missing = servers.filter(({ name, range }) => range.from < range.to && !push.acked.includes(name));
  const any = push.acked.length > 0 && turn.config.bugs.has('apply-before-acks');
  if (missing.length > 0 && !any) return;
  set(turn, { pushing: pushing.filter((it) => it.lease !== push.lease) });
  turn.actions.push({ kind: 'release', lease: push.lease });
  tellDone(turn, push);
}
