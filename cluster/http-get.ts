// http-get.ts: one GET of a listener's plain HTTP side, with the token in its header, bounded in bytes and time. It tries once.
import { get as getPlain, type IncomingMessage } from 'node:http';
import { get as getSecure } from 'node:https';
import type { Reach } from './dial.ts';
import { bearer } from './token.ts';

export interface Answer {
  readonly status: number;
  /** Of the answer's headers. */
  readonly sha256: string | null;
  readonly bytes: Uint8Array;
}

export interface GetOptions {
  /** Bytes of the answer at most. */
  readonly most: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Without a byte for so long, it fails. Default: 20,000. */
  readonly idleMs?: number;
}

/** The header with the hash of what is sent. */
export const SHA256 = 'x-shoal-sha256';
const IDLE_MS = 20_000;

/** ws://host:port and a path as http://host:port/path; likewise wss and https. */
export const httpUrl = (url: string, path: string): string =>
  `${url.replace(/^ws/, 'http').replace(/\/+$/, '')}${path}`;

/** @throws the system's errors, and others where the answer is too long, too slow or cut short */
export function httpGet(reach: Reach, url: string, { most, headers, idleMs = IDLE_MS }: GetOptions): Promise<Answer> {
  const options = { headers: { authorization: bearer(reach.token), ...headers }, timeout: idleMs, ...reach.tls };
  return new Promise((resolve, reject) => {
    const answer = (response: IncomingMessage): void => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > most) request.destroy(new Error(`more than ${most} bytes`));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        if (!response.complete) reject(new Error(`the end after ${length} bytes`));
        else {
          const sha256 = String(response.headers[SHA256] ?? '') || null;
          resolve({ status: response.statusCode ?? 0, sha256, bytes: Buffer.concat(chunks) });
        }
      });
    };
    const request = url.startsWith('https:') ? getSecure(url, options, answer) : getPlain(url, options, answer);
    request.on('timeout', () => request.destroy(new Error(`no answer within ${idleMs / 1000} s`)));
    request.on('error', reject);
  });
}
