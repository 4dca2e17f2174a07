// file-server.ts: a folder over HTTP on a free loopback port, with ranges, and with faults on demand. Not a test.
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface FileServer {
  readonly url: string;
  /** Requests answered so far. */
  readonly requests: () => number;
  /** What the next requests meet, one each; null: a good answer. */
  readonly faults: (503 | 'cut' | 'short' | 'silent' | null)[];
  close(): Promise<void>;
}

/** @param ranges false: a server that knows no ranges */
export async function serveFolder(folder: string, ranges = true): Promise<FileServer> {
  let count = 0;
  const faults: FileServer['faults'] = [];
  const server = createServer((request, response) => {
    count++;
    const fault = faults.shift() ?? null;
    if (fault === 'silent') return; // until the client has enough
    const path = join(folder, decodeURIComponent(request.url!));
    if (fault === 503 || !existsSync(path) || !statSync(path).isFile()) {
      response.writeHead(fault === 503 ? 503 : 404).end();
      return;
    }
    const bytes = readFileSync(path);
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    if (!range || !ranges) {
      response.writeHead(200, { 'content-length': bytes.length });
      if (fault === 'cut') response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
      else response.end(bytes);
      return;
    }
    const from = Number(range[1]);
    if (from >= bytes.length) {
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
      return;
    }
    const to = Math.min(bytes.length - 1, range[2] ? Number(range[2]) : bytes.length - 1);
    const part = bytes.subarray(from, to + 1);
    const headers = { 'content-range': `bytes ${from}-${to}/${bytes.length}` };
    if (fault === 'short') response.writeHead(206, headers).end(part.subarray(0, -1));
    else if (fault === 'cut') {
      response.writeHead(206, { ...headers, 'content-length': part.length });
      response.write(part.subarray(0, part.length >> 1), () => response.destroy());
    } else response.writeHead(206, { ...headers, 'content-length': part.length }).end(part);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => count,
    faults,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
