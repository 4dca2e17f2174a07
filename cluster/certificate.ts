// certificate.ts: certificates for TLS: read from PEM files, or made and signed by themselves. It connects nothing.
import { createPrivateKey, generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { writeError } from '../trainer/write-error.ts';
import { bits, explicit, implicit, integer, octets, oid, sequence, set, text, time, yes } from './der.ts';
import { wireError } from './wire-error.ts';

/** PEM text. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

const DAY = 86_400_000;
const VALID_DAYS = 825;
const HINT = 'Give other files, or none, and Shoal makes its own.';

/**
 * A certificate for these host names and addresses with a fresh P-256 key, signed by itself: whoever connects is given the
 * certificate as `ca`. Fields after RFC 5280, section 4.1.
 */
export function selfSigned(hosts: readonly string[], now: Date = new Date()): Identity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid('2a8648ce3d040302')); // ecdsa-with-SHA256
  const serial = Buffer.concat([Buffer.of(1), randomBytes(15)]);
  // of its own: among several of one name that are trusted, OpenSSL tries one alone
  const called = `shoal ${hosts[0]} `.slice(0, 47) + serial.toString('hex', 8);
  const name = sequence(set(sequence(oid('550403'), text(called)))); // commonName
  const extension = (id: string, critical: boolean, value: Uint8Array) =>
    sequence(oid(id), ...(critical ? [yes()] : []), octets(value));
  const names = sequence(
    ...hosts.map((host) => (isIP(host) ? implicit(7, addressBytes(host)) : implicit(2, Buffer.from(host, 'latin1')))),
  );
  const body = sequence(
    explicit(0, integer(Buffer.of(2))), // version 3
    integer(serial),
    algorithm,
    name,
    sequence(time(new Date(now.getTime() - DAY)), time(new Date(now.getTime() + VALID_DAYS * DAY))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(extension('551d13', true, sequence(yes())), extension('551d11', false, names))), // CA, names
  );
  const certificate = sequence(body, algorithm, bits(sign('sha256', body, privateKey)));
  const base64 = certificate.toString('base64').replace(/.{1,64}/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${base64}-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

/**
 * Reads a certificate and its key from PEM files.
 * @throws SHOAL_WIRE_CERTIFICATE when they cannot be read, do not belong together, or the certificate is not valid now
 */
export function readIdentity(certFile: string, keyFile: string, now: Date = new Date()): Identity {
  const identity = { cert: readPem(certFile), key: readPem(keyFile) };
  const operation = `use the certificate ${certFile}`;
  const certificate = parse(identity.cert, operation);
  let matches: boolean;
  try {
    matches = certificate.checkPrivateKey(createPrivateKey(identity.key));
  } catch (error) {
    // The cause is left out: OpenSSL's errors have been known to quote their input.
    throw bad(`use the key ${keyFile}`, (error as NodeJS.ErrnoException).code ?? 'no key', 'a private key as PEM');
  }
  if (!matches) throw bad(operation, `the key ${keyFile}`, 'the key that it was made for');
  if (!validAt(certificate, now)) {
    throw bad(operation, now.toISOString(), `a time from ${certificate.validFrom} to ${certificate.validTo}`);
  }
  return identity;
}

/** The certificate of an authority, or one that signed itself, as PEM text. Throws SHOAL_WIRE_CERTIFICATE. */
export function readAuthority(file: string): string {
  const pem = readPem(file);
  parse(pem, `trust the certificate ${file}`);
  return pem;
}

/**
 * The certificate kept in a folder as cert.pem and key.pem (which only the owner may read); a new one where there is none, where
 * it has run out, or where it does not name all of the hosts.
 * @throws SHOAL_RUN_WRITE
 */
export function keepIdentity(folder: string, hosts: readonly string[], now: Date = new Date()): Identity {
  const certFile = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  if (existsSync(certFile) && existsSync(keyFile)) {
    const certificate = parse(readPem(certFile), `use the certificate ${certFile}`);
    const named = hosts.every((host) => (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)));
    if (named && validAt(certificate, now)) return readIdentity(certFile, keyFile, now);
  }
  const identity = selfSigned(hosts, now);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(keyFile, identity.key, { mode: 0o600 });
    writeFileSync(certFile, identity.cert);
  } catch (error) {
    rmSync(certFile, { force: true }); // half a file is no certificate
    throw writeError(error, `write into ${folder}`);
  }
  return identity;
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw bad(`read ${file}`, (error as Error).message, 'a readable file');
  }
}

function parse(pem: string, operation: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw bad(operation, 'something else', 'a certificate as PEM');
  }
}

const validAt = (certificate: X509Certificate, now: Date): boolean =>
  Date.parse(certificate.validFrom) <= now.getTime() && now.getTime() <= Date.parse(certificate.validTo);

/** An IP address as the bytes of a certificate. */
function addressBytes(host: string): Uint8Array {
  if (isIP(host) === 4) return Uint8Array.from(host.split('.'), Number);
  // The URL parser writes IPv6 in its shortest form, without dots.
  const [front, back] = new URL(`http://[${host}]`).hostname.slice(1, -1).split('::');
  const words = (part: string | undefined) => (part ? part.split(':') : []);
  const gap = Array(8 - words(front).length - words(back).length).fill('0');
  const all = back === undefined ? words(front) : [...words(front), ...gap, ...words(back)];
  return Buffer.from(all.map((word) => word.padStart(4, '0')).join(''), 'hex');
}

const bad = (operation: string, got: string, expected: string) =>
  wireError('SHOAL_WIRE_CERTIFICATE', operation, got, expected, HINT);
