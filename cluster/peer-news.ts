// peer-news.ts: what a worker's or server's own log has to say of its connections and terms. Not the coordinator's news.
import type { Problem } from '../base/errors.ts';
import type { FromCoordinator } from './messages.ts';

export type PeerNews =
  | { readonly news: 'connected' | 'disconnected'; readonly to: string }
  /** It has been tried for a while: the coordinator, or a server at the address that workers are told. */
  | { readonly news: 'unreachable'; readonly to: string; readonly problem: Problem }
  /** It is known to the coordinator; a term begins, at this step; or, `fenced`: in the same term, it was late with its work. */
  | { readonly news: 'welcomed' | 'term' | 'fenced'; readonly term: number; readonly step: number };

/** Listens to what the coordinator sends, for news of terms. */
export function termNews(tell: (news: PeerNews) => void): (message: FromCoordinator) => void {
  let known = 0;
  return (message) => {
    if (message.type !== 'fence' && message.type !== 'welcome') return;
    const { type, term, version: step } = message;
    const again = term === known ? 'fenced' : 'term';
    tell({ news: type === 'welcome' ? 'welcomed' : again, term, step });
    known = term;
  };
}
