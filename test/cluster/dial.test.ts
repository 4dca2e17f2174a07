// dial.test.ts: connections that are made again: when that is tried, how often, and when it is given up. Pairs: pairs.test.ts.
import assert from 'node:assert/strict';
import { ShoalError } from '../../base/errors.ts';
import { selfSigned } from '../../cluster/certificate.ts';
import { type DialOptions, dial } from '../../cluster/dial.ts';
import { newToken } from '../../cluster/token.ts';
import { wireError } from '../../cluster/wire-error.ts';
import { closeAll, later, openHouse, Queue, Recorder, TOKEN } from './support/ends.ts';
import { MESSAGES } from './support/examples.ts';

/** Dials, says hello on each connection, and counts them. */
function dialing(url: string, deadlineMs: number, more: Partial<DialOptions> = {}) {
  const failed = new Queue<ShoalError>();
  const seen = { ups: 0, downs: 0 };
  const line = dial({
    ...{ url, token: TOKEN, deadlineMs },
    up(connection) {
      seen.ups++;
      connection.send(MESSAGES.hello);
    },
    down: () => void seen.downs++,
    message() {},
    bulk() {},
    failed: (error) => failed.put(error),
    ...more,
  });
  later(() => line.stop());
  return { line, failed, seen };
}

const refusing = (error: ShoalError) =>
  openHouse({
    onPeer() {
      throw error;
    },
  });

describe('a dial', () => {
  afterEach(closeAll);

  it('is over with the first refusal by an end of another version of the protocol', async () => {
    const house = await refusing(wireError('SHOAL_WIRE_VERSION', 'read a frame', 'protocol version 1', '2', 'No.'));
    const { failed, seen } = dialing(house.listener.url, Number.POSITIVE_INFINITY);
    const { code, got, hint } = await failed.next();
    assert.deepEqual([code, got], ['SHOAL_WIRE_VERSION', 'a refusal of protocol version 1']);
    assert.match(hint, /same version of Shoal at both ends/);
    assert.deepEqual(seen, { ups: 1, downs: 1 });
  });

  it('to an end that takes connections and closes them unheard: tries less and less often, and gives up at its deadline', async () => {
    const no = new ShoalError({ code: 'SHOAL_TEST', operation: 'join', got: 'a', expected: 'b', hint: 'c' });
    const house = await refusing(no);
    const since = performance.now();
    const { failed, seen } = dialing(house.listener.url, 300);
    assert.match((await failed.next()).got, /1008 SHOAL_TEST/);
    assert.ok(performance.now() - since >= 300);
    assert.ok(seen.ups >= 2 && seen.ups <= 8, `${seen.ups} connections`); // pauses of 25 ms, 50, 100, 200 at the least
  });

  it('says once that it tries in vain, and again after a connection that was there', async () => {
    const vain = new Queue<ShoalError>();
    const ups = new Queue<null>();
    const downs = new Queue<null>();
    const house = await openHouse();
    const { port } = house.listener;
    await house.listener.close();
    const { failed } = dialing(`ws://127.0.0.1:${port}`, Number.POSITIVE_INFINITY, {
      up: () => ups.put(null),
      down: () => downs.put(null),
      inVain: (problem) => vain.put(problem),
      vainMs: 100,
    });
    assert.match((await vain.next()).got, /ECONNREFUSED/);
    const back = await openHouse({ port });
    await ups.next();
    await back.listener.close();
    await downs.next();
    assert.match((await vain.next()).got, /ECONNREFUSED/);
    assert.deepEqual([vain.length, failed.length], [0, 0]);
  });

  it('to an address that somebody of another run has meanwhile: waits for its own, where it is told that this may be', async () => {
    const other = await openHouse({ token: newToken() });
    const { url, port } = other.listener;
    const strict = dialing(url, Number.POSITIVE_INFINITY);
    assert.equal((await strict.failed.next()).code, 'SHOAL_WIRE_TOKEN');
    const vain = new Queue<ShoalError>();
    const ups = new Queue<null>();
    const patient = dialing(url, Number.POSITIVE_INFINITY, {
      changing: true,
      vainMs: 50,
      inVain: (problem) => vain.put(problem),
      up: () => ups.put(null),
    });
    assert.equal((await vain.next()).code, 'SHOAL_WIRE_TOKEN');
    await other.listener.close();
    await openHouse({ port });
    await ups.next();
    assert.equal(patient.failed.length, 0);
  });

  it('to an address with a certificate that is not trusted: waits only where one was there that is', async () => {
    const [own, others] = [selfSigned(['127.0.0.1']), selfSigned(['127.0.0.1'])];
    const house = await openHouse({ tls: own });
    const { url, port } = house.listener;
    const ups = new Queue<null>();
    const more = { tls: { ca: own.cert }, changing: true };
    const patient = dialing(url, Number.POSITIVE_INFINITY, { ...more, up: () => ups.put(null) });
    await ups.next();
    await house.listener.close();
    const other = await openHouse({ tls: others, port });
    for (let tried = 0; tried < 2; tried++) await other.refused.next();
    const strict = dialing(url, Number.POSITIVE_INFINITY, more);
    assert.match((await strict.failed.next()).got, /certificate/);
    await other.listener.close();
    await openHouse({ tls: own, port });
    await ups.next();
    assert.equal(patient.failed.length, 0);
  });

  it('goes on past its deadline with an end that says something each time', async () => {
    const house = await openHouse({
      onPeer(_, connection) {
        connection.send(MESSAGES.welcome);
        connection.fail(new ShoalError({ code: 'SHOAL_TEST', operation: 'o', got: 'a', expected: 'b', hint: 'c' }));
        return new Recorder();
      },
    });
    const downs = new Queue<null>();
    const { failed } = dialing(house.listener.url, 1, { down: () => downs.put(null) });
    for (let i = 0; i < 4; i++) await downs.next();
    assert.equal(failed.length, 0);
  });
});
