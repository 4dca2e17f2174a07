// cluster-options.ts: addresses, numbers of workers and times as the command line writes them.
import { type Identity, readAuthority, readIdentity } from '../../cluster/certificate.ts';
import { usageError } from '../output/usage-error.ts';

/** "HOST:PORT", also "[::1]:PORT". Port 0: any free one. */
export function parseAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match && port < 65536) return { host: (match[1] ?? match[2])!, port };
  throw usageError('listen', text, 'HOST:PORT', 'For example --listen 127.0.0.1:7070.');
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
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
}

/** What a listener shows; null without TLS. @throws SHOAL_USAGE for one file of the two, SHOAL_WIRE_CERTIFICATE */
export function readListenTls({ cert, key }: TlsOptions): Identity | null {
  if (cert === undefined && key === undefined) return null;
  if (cert !== undefined && key !== undefined) return readIdentity(cert, key);
  throw usageError('use TLS', cert ? '--cert alone' : '--key alone', 'both', 'Give --cert FILE and --key FILE.');
}

/** Whom a connection trusts beside the system's authorities; null: nobody. @throws SHOAL_WIRE_CERTIFICATE */
export const readTrust = ({ ca }: TlsOptions): { readonly ca: string } | null =>
  ca === undefined ? null : { ca: readAuthority(ca) };
