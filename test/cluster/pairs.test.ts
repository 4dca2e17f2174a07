// pairs.test.ts: a server's two connections to the coordinator: found together in any order, lost together, made again together, and control
// never behind bulk. What is said on them: server.test.ts, coordinator-terms.test.ts.
import assert from 'node:assert/strict';
import { createLinks, type Links, type LinksOptions } from '../../cluster/coordinator-links.ts';
import type { CoordinatorEvent } from '../../cluster/coordinator-types.ts';
import { dial } from '../../cluster/dial.ts';
import type { Attach, Bulk, Hello } from '../../cluster/messages.ts';
import { createPairs } from '../../cluster/pairs.ts';
import type { Connection } from '../../cluster/transport.ts';
import { PROFILE, peer } from '../support/machines.ts';
import { startProxy } from '../support/proxy.ts';
import { closeAll, later, openHouse, Queue, TOKEN, visit } from './support/ends.ts';
import { BULKS, MESSAGES, pushOf } from './support/examples.ts';

const PEER = peer('server', 's');
const hello = (pair: number): Hello => ({ type: 'hello', peer: PEER, profile: PROFILE, url: 'ws://s', pair });
const attach = (pair: number): Attach => ({ type: 'attach', peer: PEER, term: 0, pair });

/** A coordinator's links behind a listener; what they tell is queued. */
async function openLinks(options: Partial<LinksOptions> = {}) {
  const events = new Queue<CoordinatorEvent>();
  const bulks = new Queue<Bulk>();
  const connections: number[] = [];
  const links: Links = createLinks({
    monitor: { hello: (_, __, ...both) => void connections.push(both.length), said() {}, gone() {} },
    feed: (event) => events.put(event),
    bulk: (bulk) => bulks.put(bulk),
    ...options,
  });
  const house = await openHouse({ onPeer: links.onPeer });
  const says = async (first: Hello | Attach) => {
    const end = await visit(house.listener.url);
    end.connection.send(first);
    return end;
  };
  return { house, links, events, bulks, connections, says };
}

describe('the two connections of a server', () => {
  afterEach(closeAll);

  it('find each other by name, incarnation and number, in any order; each other one waits', () => {
    const pairs = createPairs<string>();
    assert.equal(pairs.join(hello(1), 'a'), null);
    assert.equal(pairs.join(attach(2), 'b'), null);
    assert.equal(pairs.join({ ...attach(1), peer: peer('server', 's', '2') }, 'c'), null);
    assert.equal(pairs.join(hello(1), 'd'), 'taken');
    assert.deepEqual(pairs.join(attach(1), 'e'), { hello: hello(1), control: 'a', bulk: 'e' });
    assert.deepEqual(pairs.join(hello(2), 'f'), { hello: hello(2), control: 'f', bulk: 'b' });
    assert.equal(pairs.waiting, 1);
    pairs.drop('c');
    assert.equal(pairs.waiting, 0);
  });

  it('are one link: it begins when both are there, carries values on one and control on the other, and ends with either', async () => {
    for (const goes of ['control', 'bulk'] as const) {
      const { links, events, bulks, connections, says } = await openLinks();
      const bulk = await says(attach(1));
      const control = await says(hello(1));
      assert.deepEqual(await events.next(), { kind: 'message', link: 1, message: hello(1) });
      assert.deepEqual(connections, [2]);
      links.send(1, MESSAGES.load as never);
      assert.deepEqual(await control.seen.messages.next(), MESSAGES.load);
      const { values, range, from: _, ...name } = BULKS.load;
      const part = { from: range.from, to: range.from + values.length };
      links.sender(1)!.send('load', name, part, values);
      assert.equal((await bulk.seen.bulks.next()).type, 'load');
      await control.connection.sendBulk(BULKS.dump); // not its place
      await bulk.connection.sendBulk(BULKS.dump);
      assert.equal((await bulks.next()).type, 'dump');
      const [gone, other] = goes === 'control' ? [control, bulk] : [bulk, control];
      await gone.connection.close();
      assert.deepEqual(await events.next(), { kind: 'closed', link: 1 });
      assert.equal(await other.seen.closed, null);
      assert.deepEqual([events.length, bulks.length, links.sender(1)], [0, 0, undefined]);
      await closeAll();
    }
  });

  it('are both closed when the coordinator turns the server away, which hears why', async () => {
    const { links, events, says } = await openLinks();
    const [control, bulk] = [await says(hello(1)), await says(attach(1))];
    await events.next();
    links.close(1, MESSAGES.refuse.problem);
    assert.equal((await control.seen.messages.next()).type, 'refuse');
    await Promise.all([control.seen.closed, bulk.seen.closed]);
    assert.equal(events.length, 0);
  });

  it('are cut off within 80 ms when the other does not come, or when it is of another pair, or there already', async () => {
    const { events, says } = await openLinks({ pairMs: 80 });
    const lone = [await says(hello(1)), await says(attach(2))];
    const since = performance.now();
    const twice = await says(hello(1));
    assert.equal((await twice.seen.closed)?.code, 'SHOAL_WIRE_CLOSED');
    for (const { seen } of lone) assert.match((await seen.closed)!.got, /SHOAL_WIRE_TIMEOUT/);
    assert.ok(performance.now() - since < 5000);
    const worker = await says({ ...attach(0), peer: peer('worker', 'w') });
    assert.equal((await worker.seen.closed)?.code, 'SHOAL_WIRE_CLOSED');
    assert.equal(events.length, 0);
  });

  it('are made again together when one of them breaks; what its end had sent last is not heard half', async () => {
    const { house, events } = await openLinks();
    const proxy = await startProxy({ port: house.listener.port });
    later(() => proxy.close());
    const ups = new Queue<readonly [Connection, Connection]>();
    const downs = new Queue<null>();
    let pair = 0;
    const lines = dial({
      url: `ws://127.0.0.1:${proxy.port}`,
      token: TOKEN,
      deadlineMs: 10_000,
      bulkApart: true,
      up(control, bulk) {
        control.send(hello(++pair));
        bulk.send(attach(pair));
        ups.put([control, bulk]);
      },
      down: () => downs.put(null),
      message() {},
      bulk() {},
      failed: (error) => assert.fail(error),
    });
    later(() => lines.stop());
    for (let link = 1; link <= 3; link++) {
      const [control, bulk] = await ups.next();
      assert.notEqual(control, bulk);
      assert.deepEqual(await events.next(), { kind: 'message', link, message: hello(link) });
      if (link === 1) proxy.up.cutAfter = 1000; // in the middle of a frame of values
      if (link === 1) await assert.rejects(bulk.sendBulk(pushOf(10 ** 6)).then(() => bulk.sendBulk(pushOf(10 ** 6))));
      else control.fail(new Error('gone') as never);
      await downs.next();
      assert.deepEqual(await events.next(), { kind: 'closed', link });
      assert.deepEqual([control.open, bulk.open], [false, false]);
    }
  });

  it('keep control from queueing behind values: it overtakes 2 MiB on a link of 4 MiB a second', async () => {
    const order = new Queue<string>();
    const { house } = await openLinks({
      bulk: ({ type }) => order.put(type),
      feed: (event) => order.put(event.kind === 'message' ? event.message.type : event.kind),
    });
    const proxy = await startProxy({ port: house.listener.port });
    later(() => proxy.close());
    const [control, bulk] = [await visit(`ws://127.0.0.1:${proxy.port}`), await visit(`ws://127.0.0.1:${proxy.port}`)];
    control.connection.send(hello(1));
    bulk.connection.send(attach(1));
    assert.equal(await order.next(), 'hello');
    proxy.up.bytesPerSecond = 4 * 2 ** 20;
    const { node: _, ...push } = pushOf(2 ** 19);
    const sent = bulk.connection.sendBulk({ ...push, type: 'dump', node: null });
    control.connection.send(MESSAGES.applied as never);
    assert.equal(await order.next(), 'applied');
    assert.equal(await order.next(), 'dump');
    await sent;
  });
});
