// server.test.ts: a server's process against a coordinator played by hand: what comes on the heels of a welcome waits for its range.
// Its decisions: server-machine.test.ts; its arithmetic: range-server.test.ts.
import assert from 'node:assert/strict';
import { flatRanges } from '../../cluster/flat-ranges.ts';
import type { Attach, Bulk, FlatRange, Hello, Message } from '../../cluster/messages.ts';
import { runServer } from '../../cluster/server.ts';
import type { Connection } from '../../cluster/transport.ts';
import { movingOf } from '../../trainer/contribution.ts';
import { jobToJson, parseJob } from '../../trainer/job.ts';
import { segmentsOf } from '../../trainer/weights.ts';
import { clusterJob } from '../support/cluster-job.ts';
import { closeAll, type Guest, later, openHouse, TOKEN } from './support/ends.ts';

/** Parameters, and Adam's two slots. */
const VECTORS = 3;

describe('a server', () => {
  afterEach(closeAll);

  it('takes a version that comes with its welcome, and again when a coordinator that began anew gives it another range', async () => {
    const at = clusterJob();
    later(at.remove);
    const job = parseJob(at.json, at.path);
    const ranges = flatRanges(movingOf(segmentsOf(job.model).weights), 2);
    const house = await openHouse();
    const leave = new AbortController();
    const serving = runServer({ connect: house.listener.url, token: TOKEN, signal: leave.signal });
    const both: Guest[] = [await house.guests.next(), await house.guests.next()];
    const of = (type: string): Guest => both.find((it) => it.first.type === type)!;
    const { connection, seen } = of('hello');
    const bulk = of('attach');
    assert.equal((of('hello').first as Hello).pair, (bulk.first as Attach).pair);

    for (const [i, range] of ranges.entries()) {
      const term = i + 1;
      const version = 10 * term;
      const sent = valuesOf(range, term);
      const hello = { type: 'welcome', term, job: jobToJson(job), servers: [], range, version } as const;
      // all at once, as when this server was the last that was waited for
      for (const message of [hello, { type: 'load', term, version }] as const) connection.send(message as Message);
      assert.deepEqual(await next(bulk.seen.messages, 'attach'), { ...bulk.first, term });
      await Promise.all(sent.map((values, vector) => load(bulk.connection, { term, version, range, vector, values })));
      assert.deepEqual(await next(seen.messages, 'applied'), { type: 'applied', term, version });
      connection.send({ type: 'dump', term, version });
      for (const values of sent) assert.deepEqual((await bulk.seen.bulks.next()).values, values);
    }
    assert.equal(house.guests.length, 0, 'it never had to connect again');
    leave.abort();
    await serving;
  });
});

const valuesOf = ({ from, to }: FlatRange, term: number): readonly Float32Array[] =>
  Array.from({ length: VECTORS }, (_, vector) =>
    Float32Array.from({ length: to - from }, (_, i) => 1000 * term + 100 * vector + 1 / (1 + i)),
  );

type Loaded = Pick<Bulk, 'term' | 'range' | 'vector' | 'values'> & { readonly version: number };
const load = (connection: Connection, { version: step, ...rest }: Loaded): Promise<void> =>
  connection.sendBulk({ type: 'load', step, node: null, from: rest.range.from, ...rest });

/** The next message of a type: others are reports and pings. */
async function next(messages: { next(): Promise<Message | Hello> }, type: string): Promise<unknown> {
  for (;;) {
    const message = await messages.next();
    if (message.type === type) return message;
  }
}
