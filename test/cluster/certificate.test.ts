// certificate.test.ts: TLS between two ends, with certificates that we make and certificates that OpenSSL makes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect as dial } from 'node:net';
import { join } from 'node:path';
import { ShoalError } from '../../base/errors.ts';
import { keepIdentity, readAuthority, readIdentity, selfSigned } from '../../cluster/certificate.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { closeAll, enter, openHouse, visit } from './support/ends.ts';
import { BULKS, pushOf } from './support/examples.ts';
import { rest } from './support/raw.ts';

const coded = (code: string) => (error: unknown) =>
  (error instanceof ShoalError && error.code === code) || assert.fail(`${error} is not ${code}`);
const HOSTS = ['127.0.0.1', '::1', 'localhost', '2001:db8::ff:1', 'node-3.example.org'];

describe('certificates', () => {
  const folder = temporaryFolder('tls');
  const own = selfSigned(HOSTS);
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  afterEach(closeAll);

  it('that we make ourselves are what OpenSSL takes for well-formed, valid and naming all hosts', () => {
    const cert = file('own.pem', own.cert);
    assert.match(openssl('verify', '-x509_strict', '-CAfile', cert, cert).trim(), /own\.pem: OK$/);
    const shown = openssl('x509', '-in', cert, '-noout', '-text');
    for (const part of [/Version: 3/, /ecdsa-with-SHA256/, /CA:TRUE/, /DNS:localhost/, /IP Address:127\.0\.0\.1/]) {
      assert.match(shown, part);
    }
    assert.match(shown, /IP Address:2001:DB8:0:0:0:0:FF:1/);
    for (const host of ['localhost', 'node-3.example.org'])
      assert.match(openssl('x509', '-in', cert, '-noout', '-checkhost', host), /does match/);
    for (const ip of ['127.0.0.1', '::1'])
      assert.match(openssl('x509', '-in', cert, '-noout', '-checkip', ip), /does match/);
    assert.notEqual(selfSigned(HOSTS).cert, own.cert);
    assert.match(
      openssl('x509', '-in', file('far.pem', selfSigned(HOSTS, new Date('2049-06-01')).cert), '-noout', '-enddate'),
      /2051/,
    );
  });

  it('carry messages and slices of 4 MiB over TLS', async () => {
    const house = await openHouse({ tls: own });
    assert.match(house.listener.url, /^wss:/);
    const { connection, guest } = await enter(house, { tls: { ca: own.cert } });
    await Promise.all([connection.sendBulk(BULKS.push), connection.sendBulk(pushOf(2 ** 20, 3))]);
    assert.deepEqual(await guest.seen.bulks.next(), BULKS.push);
    assert.ok((await guest.seen.bulks.next()).values.every((value) => value === 3));
    assert.ok(connection.bytesWritten > 2 ** 22 && guest.connection.bytesRead > 2 ** 22);
    await connection.close();
    assert.equal(await guest.seen.closed, null);
  });

  it('made by OpenSSL do as well, and allow to listen beyond loopback', async () => {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const names = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1'];
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      cert,
      ...names,
    );
    const house = await openHouse({ host: '0.0.0.0', tls: readIdentity(cert, key) });
    await enter(house, { url: `wss://127.0.0.1:${house.listener.port}`, tls: { ca: readAuthority(cert) } });
  });

  it('are not trusted when another signed them or they name another host', async () => {
    const house = await openHouse({ tls: own });
    await assert.rejects(visit(house.listener.url), coded('SHOAL_WIRE_CONNECT'));
    await assert.rejects(
      visit(house.listener.url, { tls: { ca: selfSigned(HOSTS).cert } }),
      coded('SHOAL_WIRE_CONNECT'),
    );
    const elsewhere = selfSigned(['example.org']);
    const other = await openHouse({ tls: elsewhere });
    await assert.rejects(visit(other.listener.url, { tls: { ca: elsewhere.cert } }), coded('SHOAL_WIRE_CONNECT'));
    await assert.rejects(visit(house.listener.url.replace('wss', 'ws')), coded('SHOAL_WIRE_CONNECT'));
    let told = '';
    while (!/http request/.test(told)) told = (await house.refused.next()).got;
    assert.doesNotMatch(told, /\n/); // one line, as of all strangers
  });

  it('may be demanded of whoever connects', async () => {
    const guestId = selfSigned(['worker']);
    const house = await openHouse({ tls: { ...own, clientCa: guestId.cert } });
    await enter(house, { tls: { ca: own.cert, ...guestId } });
    await assert.rejects(visit(house.listener.url, { tls: { ca: own.cert } }), coded('SHOAL_WIRE_CONNECT'));
    await assert.rejects(visit(house.listener.url, { tls: { ca: own.cert, ...own } }), coded('SHOAL_WIRE_CONNECT'));
    assert.equal((await house.refused.next()).code, 'SHOAL_WIRE_CONNECT');
  });

  it('do not wait for a TLS handshake, or for headers after it, beyond 300 ms', async () => {
    const house = await openHouse({ tls: own, limits: { handshakeMs: 300 } });
    const since = performance.now();
    const silent = dial(house.listener.port, '127.0.0.1');
    silent.write(Buffer.from([22, 3, 1])); // the beginning of a ClientHello
    await rest(silent);
    assert.ok(performance.now() - since >= 290);
    assert.equal((await house.refused.next()).code, 'SHOAL_WIRE_TIMEOUT');
    await enter(house, { tls: { ca: own.cert } });
  });

  it('are kept in a folder, the key for its owner only, until they run out or another host is asked for', () => {
    const kept = join(folder, 'kept');
    const first = keepIdentity(kept, ['localhost', '::1']);
    assert.deepEqual(keepIdentity(kept, ['::1']), first);
    assert.equal(statSync(join(kept, 'key.pem')).mode & 0o777, 0o600);
    assert.equal(readFileSync(join(kept, 'cert.pem'), 'utf8'), first.cert);
    assert.notDeepEqual(keepIdentity(kept, ['10.0.0.7']), first);
    const second = keepIdentity(kept, ['10.0.0.7']);
    assert.notDeepEqual(keepIdentity(kept, ['10.0.0.7'], new Date(Date.now() + 900 * 86_400_000)), second);
  });

  it('that cannot be used are named: missing, no PEM, another key, run out', () => {
    const cert = file('c.pem', own.cert);
    const key = file('k.pem', own.key);
    const junk = file('junk.pem', 'junk');
    const cases: readonly [act: () => unknown, said: RegExp][] = [
      [() => readIdentity(join(folder, 'none'), key), /none: got ENOENT/],
      [() => readIdentity(junk, key), /junk.pem: got something else/],
      [() => readIdentity(cert, junk), /a private key/],
      [() => readIdentity(cert, file('k2.pem', selfSigned(HOSTS).key)), /the key that it was made for/],
      [() => readIdentity(cert, key, new Date('2040-01-01')), /2040/],
      [() => readAuthority(junk), /junk.pem/],
    ];
    for (const [act, said] of cases) {
      assert.throws(act, (error) => coded('SHOAL_WIRE_CERTIFICATE')(error) && said.test(String(error)), String(said));
    }
  });
});
