// peer-news.ts: what a worker's or server's own log has to say of its connections and terms. Not the coordinator's news.
import type { FromCoordinator } from './messages.ts';

export type PeerNews =
  | { readonly news: 'connected' | 'disconnected'; readonly to: string }
  /** A term begins, at this step; `fenced`: in the same term, because this process was late with its work. */
  | { readonly news: 'term' | 'fenced'; readonly term: number; readonly step: number };

/** Listens to what the coordinator sends, for news of terms. */
export function termNews(tell: (news: PeerNews) => void): (message: FromCoordinator) => void {
  let known = 0;
  return (message) => {
    if (message.type !== 'fence') return;
    const { term, version: step } = message;
    tell({ news: term === known ? 'fenced' : 'term', term, step });
    known = term;
  };
}
