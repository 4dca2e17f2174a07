// member-text.ts: who came to a run of several processes, who went, what of it is computed again: a line each. Not the run's figures.
import type { RunEvent } from '../../trainer/events.ts';
import { count } from './format.ts';

/** Null for events that are not of this kind, or not worth a line. */
export function memberText(event: RunEvent): string | null {
  switch (event.event) {
    case 'member': {
      const { change, name, problem } = event;
      if (change === 'lost') return null; // that it left, or is late, is told too
      if (change === 'fenced') return `${name} is late: its work goes to others`;
      if (change === 'refused') return `${name} refused: got ${problem?.got}, expected ${problem?.expected}`;
      return `${name} ${change}`;
    }
    case 'term':
      return event.term === 1 ? null : `term ${event.term}: on from step ${count(event.step)}`;
    case 'waiting':
      return `waiting for ${event.role}s: ${event.have} of ${event.need}`;
    case 'killed':
    case 'restarted':
      return `${event.name} ${event.event} after step ${count(event.step)}`;
    case 'workers': {
      const each = Object.entries(event.leaves).map(([name, leaves]) => `${name} ${count(leaves)}`);
      return each.length === 0 ? null : `micro-shards computed: ${each.join(', ')}`;
    }
    default:
      return null;
  }
}
