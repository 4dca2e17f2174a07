// coordinator-links.ts: the connections of a coordinator, by number: what comes on them as events of its machine. A worker has one; a server two,
// control and bulk, which are one link to the machine: it begins when both are there and ends with either. No decisions.
import { type Problem, ShoalError } from '../base/errors.ts';
import type { CoordinatorEvent, Link } from './coordinator-types.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { Bulk, FromCoordinator, Hello, ToCoordinator } from './messages.ts';
import type { Monitor } from './monitor.ts';
import { createPairs } from './pairs.ts';
import { createSender, type Sender } from './sender.ts';
import type { Connection, ListenOptions } from './transport.ts';
import { wireError } from './wire-error.ts';

export interface LinksOptions {
  readonly monitor: Pick<Monitor, 'hello' | 'said' | 'gone'>;
  /** From one of a server's two connections to the other. Default: as to a first message. */
  readonly pairMs?: number;
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

interface Peer {
  readonly link: Link;
  readonly control: Connection;
  /** Of a worker: the same. */
  readonly bulk: Connection;
  readonly sender: Sender;
}

export function createLinks({ monitor, pairMs = WIRE_LIMITS.firstMs, feed, bulk }: LinksOptions): Links {
  const links = new Map<Link, Peer>();
  const byConnection = new Map<Connection, Peer>();
  const pairs = createPairs<Connection>();
  const alone = new Map<Connection, NodeJS.Timeout>();
  let opened = 0;

  function begin(hello: Hello, control: Connection, bulk: Connection): void {
    const peer: Peer = { link: ++opened, control, bulk, sender: createSender(bulk) };
    links.set(peer.link, peer);
    const both = [...new Set([control, bulk])];
    for (const connection of both) {
      clearTimeout(alone.get(connection));
      alone.delete(connection);
      byConnection.set(connection, peer);
    }
    monitor.hello(peer.link, hello.peer, ...both);
    feed({ kind: 'message', link: peer.link, message: hello });
  }

  /** Nothing of it is heard any more. */
  function forget({ link, control, bulk }: Peer): void {
    for (const connection of [control, bulk]) byConnection.delete(connection);
    links.delete(link);
  }

  /** One of a server's two: the other has to come soon. */
  function wait(connection: Connection): void {
    const late = (): void =>
      connection.fail(
        wireError(
          'SHOAL_WIRE_TIMEOUT',
          `talk to ${connection.address}`,
          'one of two connections of a server',
          `the other within ${pairMs} ms`,
          'It connects again by itself.',
        ),
      );
    alone.set(connection, setTimeout(late, pairMs));
  }

  return {
    onPeer(first, connection) {
      if (first.peer.role === 'worker') {
        if (first.type !== 'hello') throw outOfTurn('attach of a worker', 'hello');
        begin(first, connection, connection);
      } else {
        const pair = pairs.join(first, connection);
        if (pair === 'taken') throw outOfTurn(`${first.type} for the second time`, 'one of each pair');
        if (pair) begin(pair.hello, pair.control, pair.bulk);
        else wait(connection);
      }
      return {
        message(message) {
          const peer = byConnection.get(connection);
          if (!peer) return;
          monitor.said(peer.link, message as ToCoordinator);
          feed({ kind: 'message', link: peer.link, message: message as ToCoordinator });
        },
        bulk(frame) {
          if (byConnection.get(connection)?.bulk === connection) bulk(frame);
        },
        close(reason) {
          clearTimeout(alone.get(connection));
          alone.delete(connection);
          pairs.drop(connection);
          const peer = byConnection.get(connection);
          monitor.gone(peer?.link ?? null, reason);
          if (!peer) return;
          forget(peer);
          for (const other of [peer.control, peer.bulk]) void other.close();
          feed({ kind: 'closed', link: peer.link });
        },
      };
    },
    send: (link, message) => links.get(link)?.control.send(message),
    close(link, problem) {
      const peer = links.get(link);
      if (!peer) return;
      forget(peer);
      monitor.gone(link, null);
      if (problem) peer.control.send({ type: 'refuse', problem });
      for (const connection of [peer.control, peer.bulk]) void connection.close();
    },
    sender: (link) => links.get(link)?.sender,
  };
}

const outOfTurn = (got: string, expected: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_OUT_OF_TURN',
    operation: 'hear a first message',
    got,
    expected,
    hint: 'Do both ends run the same version of Shoal?',
  });
