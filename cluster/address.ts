// address.ts: whether a host is this machine, and hosts in URLs. It resolves no names.
import { isIP } from 'node:net';
import { wireError } from './wire-error.ts';

/** localhost, 127.0.0.0/8 or ::1. A wildcard address is not: it is every address of the machine. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (bare === 'localhost' || bare === '::1') return true;
  return isIP(bare) === 4 && bare.startsWith('127.');
}

/** The host of a Host header: without its port. */
export const hostOf = (header: string): string => header.replace(/:\d*$/, '');

/** A URL as it is reached from the same machine: a listener of all addresses has none of its own. */
export const reachable = (url: string): string =>
  url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');

/** A host as it stands in a URL. */
export const inUrl = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host);

/** @throws SHOAL_WIRE_INSECURE when a token would cross a network in the clear */
export function refuseInsecure(operation: string, host: string, secure: boolean): void {
  if (secure || isLoopback(host)) return;
  throw wireError(
    'SHOAL_WIRE_INSECURE',
    operation,
    `${host} without TLS`,
    'TLS, or a loopback address',
    'Give a certificate and its key, or say insecure where nobody else can read the network.',
  );
}

/** The address of a listener as a URL. @throws SHOAL_WIRE_CONNECT where it is none, or has more in it than host and port */
export function addressOf(text: string): URL {
  const expected = 'ws://host:port or wss://host:port';
  const flaw = (got: string) =>
    wireError('SHOAL_WIRE_CONNECT', 'connect', got, expected, 'The token has its own place: SHOAL_TOKEN.');
  if (!URL.canParse(text)) throw flaw('no URL');
  const url = new URL(text);
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') throw flaw(`a URL of ${url.protocol}`);
  if (url.username || url.password || url.search || url.hash) throw flaw('a URL with more in it');
  return url;
}
