// index.ts: the libraries that the bench measures beside ours, as far as this machine has them. It compares nothing.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Peer, type PeerOptions } from './child.ts';
import { waysOfTorch } from './held.ts';
import { PEER_JOBS } from './protocol.ts';

export { Peer } from './child.ts';
export { type Measurement, PEER_JOBS, type PeerJob } from './protocol.ts';

export interface PeersOptions {
  /** The file that writePeerData wrote. */
  readonly digits: string;
  /** Threads that each peer may use. Default 2. */
  readonly threads?: number;
  /** Where SHOAL_BENCH_PYTHON (PyTorch) and SHOAL_BENCH_KERAS name a Python. Default process.env. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Whether the processor has 512-bit vectors: PyTorch is then measured held to 256 bits too. Default asked of the machine. */
  readonly wide?: boolean;
  /** Which peers, by name. Default all. */
  readonly of?: (name: string) => boolean;
  /** Hears why a peer does not take part. */
  readonly warn?: (error: Error) => void;
}

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/**
 * Writes what the peers train on: images (N, 28, 28, 1) f32 in [0, 1], then N labels i32, little endian, with no header.
 */
export function writePeerData(path: string, images: Float32Array, labels: Int32Array): void {
  const bytes = (data: Float32Array | Int32Array) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  writeFileSync(path, Buffer.concat([bytes(images), bytes(labels)]));
}

/** How each peer that this machine may have is started. */
export function knownPeers(options: PeersOptions): PeerOptions[] {
  const { digits, environment = process.env } = options;
  const threads = String(options.threads ?? 2);
  const python = (name: string, command: string | undefined, file: string): PeerOptions[] =>
    command ? [{ name, command, arguments: [here(file), digits, threads], jobs: PEER_JOBS }] : [];
  const [torch] = python('pytorch', environment['SHOAL_BENCH_PYTHON'], 'torch_peer.py');
  const tfjs = (backend: 'cpu' | 'wasm' | 'node'): PeerOptions => ({
    name: `tfjs-${backend}`,
    command: process.execPath,
    arguments: [here('tfjs.ts'), digits, threads, backend],
    jobs: PEER_JOBS, // `wasm` with our gradients: by itself it has none of a convolution
  });
  return [
    ...(torch ? waysOfTorch(options.wide).map((way) => ({ ...torch, ...way })) : []),
    ...python('keras', environment['SHOAL_BENCH_KERAS'], 'keras_peer.py'),
    tfjs('cpu'),
    tfjs('wasm'),
    tfjs('node'), // where there is none, it does not start
  ];
}

/** Starts the peers that it finds, one after the other. One that does not start is reported to `warn` and left out. */
export async function startPeers(options: PeersOptions): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (const known of knownPeers(options)) {
    if (options.of?.(known.name) === false) continue;
    try {
      peers.push(await Peer.start(known));
    } catch (error) {
      options.warn?.(error as Error);
    }
  }
  return peers;
}
