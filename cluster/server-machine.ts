// server-machine.ts: a server as a pure function of events: what of its range has come, when nodes are added and versions sent.
// No socket, no floats: the driver copies and computes where this says.
import type { Link } from './coordinator-types.ts';
import type { Apply, Dump, FromCoordinator, Load, Term, Welcome } from './messages.ts';
import { isWhole, nothing, receive } from './received.ts';
import { push } from './server-push.ts';
import { isInside, set, spanOf, type Turn } from './server-turn.ts';
import type { ServerConfig, ServerEvent, ServerResult, ServerState, Slice } from './server-types.ts';

export function startServer(): ServerState {
  return {
    term: 0,
    range: null,
    prepared: null,
    connected: false,
    pair: 0,
    version: null,
    loading: null,
    nodes: [],
    applying: null,
    attached: [],
    newest: 0,
  };
}

/** The next state, and what is to be done now. */
export function handleServer(config: ServerConfig, state: ServerState, event: ServerEvent): ServerResult {
  const turn: Turn = { config, state, actions: [] };
  switch (event.kind) {
    case 'connected': {
      const { peer, profile, url } = config;
      const pair = state.pair + 1;
      set(turn, { connected: true, pair });
      turn.actions.push({ kind: 'send', message: { type: 'hello', peer, profile, url, pair } });
      ask(turn);
      break;
    }
    case 'lost':
      set(turn, { connected: false });
      break;
    case 'message':
      message(turn, event.message);
      break;
    case 'prepared':
      set(turn, { prepared: { vectors: event.vectors, microShards: event.microShards } });
      break;
    case 'load':
      loadSlice(turn, event.slice);
      break;
    case 'attach': {
      const { link } = event;
      const { term, peer } = event.message;
      const { name } = peer;
      set(turn, { attached: [...without(state, link), { link, term, name }], newest: Math.max(state.newest, link) });
      if (state.version !== null) broadcast(turn, [{ link, term }], state.version);
      break;
    }
    case 'detached': {
      set(turn, {
        attached: without(state, event.link),
        nodes: state.nodes.map((it) => ({ ...it, links: it.links.filter((link) => link !== event.link) })),
      });
      break;
    }
    case 'push':
      push(turn, event.link, event.slice);
      break;
    case 'measured': {
      const { term, version, round, sums } = event;
      const { state: now } = turn;
      if (term === now.term && version === now.version && now.connected)
        turn.actions.push({ kind: 'send', message: { type: 'vote', term, version, round, sums } });
      break;
    }
    case 'applied':
      applied(turn, event.version);
      break;
  }
  return { state: turn.state, actions: turn.actions };
}

/** Without that link. Links are numbered as they come: one of thousands that attach for the first time is not looked for. */
const without = ({ attached, newest }: ServerState, link: Link): ServerState['attached'] =>
  link > newest ? attached : attached.filter((it) => it.link !== link);

function message(turn: Turn, message: FromCoordinator): void {
  const { state, actions } = turn;
  switch (message.type) {
    case 'welcome':
      welcome(turn, message);
      return;
    case 'fence':
      enter(turn, message.term);
      return;
    case 'refuse':
      actions.push({ kind: 'stop', problem: message.problem });
      return;
    case 'bye':
      actions.push({ kind: 'stop', problem: null });
      return;
    case 'load':
    case 'apply':
    case 'dump':
      if (message.term !== state.term) return;
      if (message.type === 'load') {
        load(turn, message);
        return;
      }
      if (message.type === 'apply') {
        apply(turn, message);
        return;
      }
      dump(turn, message);
      return;
  }
}

function welcome(turn: Turn, { term, job, range }: Welcome): void {
  enter(turn, term);
  const before = turn.state.range;
  if (range === null || (before?.from === range.from && before.to === range.to)) return;
  set(turn, { range, prepared: null, version: null, loading: null, nodes: [] });
  turn.actions.push({ kind: 'prepare', job, range });
}

/** Another term: what this server holds is void. The one it is in: nothing. */
function enter(turn: Turn, term: Term): void {
  if (term === turn.state.term) return;
  set(turn, { term, version: null, loading: null, nodes: [], applying: null });
  turn.actions.push({ kind: 'reset' });
}

function load(turn: Turn, { version }: Load): void {
  const { state } = turn;
  if (state.version === version) {
    tellVersion(turn, version);
    return;
  }
  // after a reconnection the frames come again from the first; what had come stays
  if (state.loading?.version !== version)
    set(turn, { loading: { version, received: nothing(state.prepared!.vectors) } });
  loaded(turn);
  if (turn.state.loading) ask(turn);
}

/** On the connection for bulk: this is the term whose values are wanted. Sent when they can be taken, so that none come too early. */
function ask(turn: Turn): void {
  const { term, pair } = turn.state;
  turn.actions.push({ kind: 'ask', message: { type: 'attach', peer: turn.config.peer, term, pair } });
}

function loadSlice(turn: Turn, slice: Slice): void {
  const { loading, term, range } = turn.state;
  if (!loading || slice.term !== term || slice.step !== loading.version || slice.vector >= loading.received.length)
    return;
  if (!isInside(slice, range!)) return;
  const received = receive(loading.received, slice.vector, spanOf(slice));
  if (received === loading.received) return;
  turn.actions.push({ kind: 'store', slice });
  set(turn, { loading: { ...loading, received } });
  loaded(turn);
}

/** If all of it has come, the version stands. */
function loaded(turn: Turn): void {
  const { loading, range } = turn.state;
  if (!loading || !isWhole(loading.received, range!)) return;
  set(turn, { version: loading.version, loading: null });
  stands(turn, loading.version);
}

/** A version stands: the coordinator and the workers are told. */
function stands(turn: Turn, version: number): void {
  tellVersion(turn, version);
  broadcast(turn, turn.state.attached, version);
}

function tellVersion(turn: Turn, version: number): void {
  const { term, connected } = turn.state;
  if (connected) turn.actions.push({ kind: 'send', message: { type: 'applied', term, version } });
}

/** To those of these workers that are in this term. */
function broadcast(turn: Turn, to: readonly { readonly link: Link; readonly term: Term }[], version: number): void {
  const { term } = turn.state;
  const links = to.filter((it) => it.term === term).map((it) => it.link);
  if (links.length > 0) turn.actions.push({ kind: 'params', links, term, version });
}

function apply(turn: Turn, message: Apply): void {
  const { term, version, epoch, leaves, nodes, scalars, rounds, votes } = message;
  const { state } = turn;
  if (state.version === version + 1) {
    tellVersion(turn, version + 1);
    return;
  }
  if (state.version !== version || state.applying !== null) return;
  if (votes.length < rounds) {
    turn.actions.push({ kind: 'measure', message }); // told again after a reconnection, it votes again
    return;
  }
  turn.actions.push({ kind: 'apply', term, version, epoch, leaves, nodes, scalars, votes });
  set(turn, { applying: version });
}

function applied(turn: Turn, version: number): void {
  const { nodes } = turn.state;
  const kept = turn.config.bugs.has('kept-nodes');
  set(turn, { version, applying: null, nodes: kept ? nodes : [] });
  if (nodes.length > 0 && !kept) turn.actions.push({ kind: 'free', nodes: nodes.map((it) => it.node) });
  stands(turn, version);
}

function dump(turn: Turn, { term, version }: Dump): void {
  if (turn.state.version === version) turn.actions.push({ kind: 'dump', term, version });
}
