// cluster-options.ts: addresses, numbers of workers and times as the command line writes them.
import type { ShoalError } from '../../base/errors.ts';
import { addressOf } from '../../cluster/address.ts';
import { type Identity, readAuthority, readIdentity } from '../../cluster/certificate.ts';
import type { ConnectTls, ListenerTls } from '../../cluster/transport.ts';
import { usageError } from '../output/usage-error.ts';

/** "HOST:PORT", also "[::1]:PORT". Port 0: any free one. */
export function parseAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match && port < 65536) return { host: (match[1] ?? match[2])!, port };
  throw usageError('listen', text, 'HOST:PORT', 'For example --listen 127.0.0.1:7070.');
}

/** "ws://HOST:PORT" or "wss://HOST:PORT", as `option` gives it. */
export function parseUrl(option: string, text: string): string {
  try {
    addressOf(text);
    return text;
  } catch (error) {
    const { got, expected, hint } = error as ShoalError; // the text itself may have a secret in it
    throw usageError(`use ${option}`, got, expected, hint);
  }
}

/** "3", or "2:8" for two at least and eight at most. */
export function parseWorkers(text: string): { readonly min: number; readonly max: number } {
  const match = /^(\d{1,4})(?::(\d{1,4}))?$/.exec(text);
  const min = Number(match?.[1]);
  const max = Number(match?.[2] ?? match?.[1]);
  if (match && min >= 1 && max >= min) return { min, max };
  throw usageError('count workers', text, 'a number, or the least and the most', 'For example --workers 2:8.');
}

/** "5s", "500ms", "2m". @returns milliseconds */
export function parseTime(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? 'ms']!;
  const value = Number(match?.[1]) * unit;
  if (match && value > 0) return value;
  throw usageError('read a time', text, 'a number with ms, s, m or h', 'For example --mtbf 5s.');
}

/** Files of PEM text. */
export interface TlsOptions {
  /** What this process shows: a listener to whoever connects, and to a listener that demands it. */
  readonly cert?: string;
  readonly key?: string;
  /** Whom it trusts as a listener. */
  readonly ca?: string;
  /** Who must have signed the certificate of whoever connects: nobody is let in without one. */
  readonly clientCa?: string;
}

function readOwn({ cert, key }: TlsOptions): Identity | null {
  if (cert === undefined && key === undefined) return null;
  if (cert !== undefined && key !== undefined) return readIdentity(cert, key);
  throw usageError('use TLS', cert ? '--cert alone' : '--key alone', 'both', 'Give --cert FILE and --key FILE.');
}

/**
 * What a listener shows, and whom it demands a certificate of; null without TLS.
 * @param made in place of --cert and --key
 * @throws SHOAL_USAGE for one file of the two, or a demand without TLS; SHOAL_WIRE_CERTIFICATE
 */
export function readListenTls(options: TlsOptions, made: Identity | null = null): ListenerTls | null {
  const own = made ?? readOwn(options);
  if (options.clientCa === undefined) return own;
  if (own) return { ...own, clientCa: readAuthority(options.clientCa) };
  throw usageError('demand certificates', '--client-ca alone', 'TLS', 'Give --cert FILE and --key FILE too.');
}

/** Whom a connection trusts beside the system's authorities, and what it shows; null: neither. @throws as readListenTls */
export function readTrust(options: TlsOptions): ConnectTls | null {
  const own = readOwn(options);
  if (options.ca === undefined) return own;
  return { ca: readAuthority(options.ca), ...own };
}
