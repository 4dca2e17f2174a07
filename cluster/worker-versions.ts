// worker-versions.ts: how a version of the parameters comes together in a worker, from all servers, in two copies. No floats.
import { isWhole, nothing, receive } from './received.ts';
import type { Slice } from './server-types.ts';
import { set, type Turn, tellHolding, tellLate } from './worker-turn.ts';
import type { WorkerState } from './worker-types.ts';

/** A copy that is neither held nor computed with. */
function freeCopy({ held, running }: WorkerState): 0 | 1 | null {
  return ([0, 1] as const).find((copy) => copy !== held?.copy && copy !== running?.copy) ?? null;
}

/** Takes a slice of a server's range. Older versions than the newest that is coming are never finished. */
export function takeSlice(turn: Turn, server: string, slice: Slice): void {
  const { term, servers, held } = turn.state;
  const range = servers.find((it) => it.name === server)?.range;
  if (slice.term !== term || slice.vector !== 0 || !range) return;
  if (slice.from < range.from || slice.from + slice.count > range.to) return;
  if (held && slice.step <= held.version) return;
  let assembling = turn.state.assembling;
  if (assembling && slice.step < assembling.version) return;
  if (!assembling || slice.step > assembling.version) {
    const copy = assembling?.copy ?? freeCopy(turn.state);
    if (copy === null) {
      set(turn, { missed: true });
      return;
    }
    assembling = { version: slice.step, copy, received: nothing(1) };
  }
  const received = receive(assembling.received, 0, { from: slice.from, to: slice.from + slice.count });
  if (received !== assembling.received) turn.actions.push({ kind: 'store', slice, copy: assembling.copy });
  set(turn, { assembling: { ...assembling, received } });
  const has = (it: { range: typeof range }): boolean => isWhole(received, it.range);
  if (turn.config.bugs.has('torn-version') ? servers.some(has) : servers.every(has)) hold(turn);
}

/** The version is whole. All servers have it, so the step that made it is over, whatever is still under way for it here. */
function hold(turn: Turn): void {
  const { version, copy } = turn.state.assembling!;
  set(turn, { held: { version, copy }, assembling: null });
  const { queue, running, pushing, done } = turn.state;
  if (running && !running.void && running.work.version < version)
    turn.actions.push({ kind: 'cancel', lease: running.lease });
  for (const lease of queue.filter((it) => it.work.version < version)) tellLate(turn, { ...lease, also: [] });
  for (const push of pushing.filter((it) => it.work.version < version)) {
    tellLate(turn, push);
    turn.actions.push({ kind: 'release', lease: push.lease });
  }
  set(turn, {
    queue: queue.filter((it) => it.work.version >= version),
    pushing: pushing.filter((it) => it.work.version >= version),
    done: done.filter((it) => it.work.version >= version),
  });
  if (!turn.state.fenced) tellHolding(turn);
}

/** A computation has ended: if slices had to be thrown away for want of a copy, they are asked for again. */
export function catchUp(turn: Turn): void {
  const { missed, attached, term } = turn.state;
  if (!missed || freeCopy(turn.state) === null) return;
  set(turn, { missed: false });
  for (const server of attached)
    turn.actions.push({ kind: 'tell', server, message: { type: 'attach', peer: turn.config.peer, term, pair: 0 } });
}
