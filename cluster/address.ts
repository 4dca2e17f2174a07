// address.ts: whether a host is this machine, and hosts in URLs. It resolves no names.
import { isIP } from 'node:net';
import { wireError } from './wire-error.ts';

/** localhost, 127.0.0.0/8 or ::1. A wildcard address is not: it is every address of the machine. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (bare === 'localhost' || bare === '::1') return true;
  return isIP(bare) === 4 && bare.startsWith('127.');
}

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
