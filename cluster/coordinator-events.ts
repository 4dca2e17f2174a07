// coordinator-events.ts: the coordinator's news as events of the run. What is not told of: leases, which are too many.
import type { RunEvent } from '../trainer/events.ts';
import type { News } from './coordinator-types.ts';

/**
 * Null for news that no event tells; what is not saved was told by the recorder.
 * @param restarted whether it is another process of that name than before
 */
export function eventOf(news: News, restarted: (role: 'worker' | 'server', name: string) => boolean): RunEvent | null {
  switch (news.news) {
    case 'joined': {
      const change = restarted(news.role, news.name) ? 'restarted' : 'joined';
      return { event: 'member', change, role: news.role, name: news.name };
    }
    case 'left':
      return { event: 'member', change: 'left', role: news.role, name: news.name };
    case 'lost':
      return { event: 'member', change: 'lost', role: 'worker', name: news.name, leases: news.leases };
    case 'refused':
      return { event: 'member', change: 'refused', role: null, name: news.name, problem: news.problem };
    case 'fenced':
      return { event: 'member', change: 'fenced', role: 'worker', name: news.name };
    case 'waiting-for-workers':
    case 'waiting-for-servers': {
      const role = news.news === 'waiting-for-workers' ? 'worker' : 'server';
      return { event: 'waiting', role, have: news.have, need: news.need };
    }
    case 'term':
      return { event: 'term', term: news.term, step: news.version };
    default:
      return null;
  }
}
