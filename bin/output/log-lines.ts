// log-lines.ts: which events of a run are lines of its coordinator's log, and what they say. It writes nothing.
import type { MemberEvent, RunEvent } from '../../trainer/events.ts';

export interface LogLine extends Readonly<Record<string, unknown>> {
  readonly level: 'info' | 'warn' | 'error';
  readonly msg: string;
}

/** Null for events that are too many to be lines, or that a line was written of elsewhere. */
export function lineOf(event: RunEvent): LogLine | null {
  switch (event.event) {
    case 'start': {
      const { name, steps, from, parameters, workers, servers } = event;
      return { level: 'info', msg: 'run begins', job: name, steps, from, parameters, workers, servers };
    }
    case 'member':
      return memberLine(event);
    case 'term':
      return { level: event.term === 1 ? 'info' : 'warn', msg: 'term begins', term: event.term, step: event.step };
    case 'waiting':
      return { level: 'warn', msg: `waiting for ${event.role}s`, have: event.have, need: event.need };
    case 'checkpoint':
      return { level: 'info', msg: 'checkpoint written', step: event.step, path: event.path };
    case 'problem':
      return { level: event.fatal ? 'error' : 'warn', msg: 'problem', problem: event.problem };
    case 'done': {
      const { reason, steps, wall_s, parameters_sha256, state_sha256, optimizer_sha256 } = event;
      const hashes = { parameters_sha256, state_sha256, optimizer_sha256 };
      return { level: 'info', msg: 'run ends', reason, steps, wall_s, ...hashes };
    }
    default:
      return null;
  }
}

function memberLine({ change, role, name, leases, problem }: MemberEvent): LogLine {
  switch (change) {
    case 'lost':
      return { level: 'warn', msg: 'leases lost', member: name, leases };
    case 'refused':
      return { level: 'warn', msg: 'peer refused', member: name, problem };
    default:
      return { level: change === 'joined' ? 'info' : 'warn', msg: `${role} ${change}`, member: name };
  }
}
