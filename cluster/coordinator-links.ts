// coordinator-links.ts: the connections of a coordinator, by number: what comes on them as events of its machine. No decisions.
import type { Problem } from '../base/errors.ts';
import type { CoordinatorEvent, Link } from './coordinator-types.ts';
import type { Bulk, FromCoordinator, ToCoordinator } from './messages.ts';
import type { Monitor } from './monitor.ts';
import { createSender, type Sender } from './sender.ts';
import type { Connection, ListenOptions } from './transport.ts';

export interface LinksOptions {
  readonly monitor: Monitor;
  feed(event: CoordinatorEvent): void;
  bulk(bulk: Bulk): void;
}

export interface Links {
  readonly onPeer: ListenOptions['onPeer'];
  send(link: Link, message: FromCoordinator): void;
  /** Nothing of it is heard any more. With a problem: it is told. */
  close(link: Link, problem: Problem | null): void;
  sender(link: Link): Sender | undefined;
}

export function createLinks({ monitor, feed, bulk }: LinksOptions): Links {
  const links = new Map<Link, { readonly connection: Connection; readonly sender: Sender }>();
  let opened = 0;
  return {
    onPeer(first, connection) {
      if (first.type !== 'hello') throw new Error('hello must come first');
      const link = ++opened;
      links.set(link, { connection, sender: createSender(connection) });
      monitor.hello(link, first.peer, connection);
      feed({ kind: 'message', link, message: first });
      return {
        message(message) {
          if (!links.has(link)) return;
          monitor.said(link, message as ToCoordinator);
          feed({ kind: 'message', link, message: message as ToCoordinator });
        },
        bulk,
        close(reason) {
          monitor.gone(link, reason);
          if (links.delete(link)) feed({ kind: 'closed', link });
        },
      };
    },
    send: (link, message) => links.get(link)?.connection.send(message),
    close(link, problem) {
      const connection = links.get(link)?.connection;
      links.delete(link);
      if (problem) connection?.send({ type: 'refuse', problem });
      void connection?.close();
    },
    sender: (link) => links.get(link)?.sender,
  };
}
