// wire.ts: MB/s of pushes and pulls between two processes, beside a bare `ws` that sends the same bytes in the same configuration.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { selfSigned } from '../cluster/certificate.ts';
import { median } from './probe.ts';
import { type BenchRow, benchRow } from './table.ts';
import { bareNear, type Near, shoalNear, type WireConfig } from './wire-ends.ts';

const MIB = 2 ** 20;
const SIZES = [1, 4, 64];
/** Of each turn, at least: short, so that ours and theirs meet the same noise. */
const TURN_BYTES = 32 * MIB;
/** Turns in a round. */
const TURNS = 4;

/** Whether ws masks with compiled code. */
function hasBufferutil(): boolean {
  try {
    createRequire(import.meta.url).resolve('bufferutil');
    return true;
  } catch {
    return false;
  }
}

/** `rounds` times four turns of each, ours and the bare sender interleaved; medians. A vector is acked, or asked for, one after the other. */
export async function benchWire(rounds: number): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const configs: readonly WireConfig[] = [
    { name: 'unmasked', unmasked: true, tls: null },
    { name: 'masked', unmasked: false, tls: null },
    { name: 'TLS', unmasked: true, tls: selfSigned(['127.0.0.1']) },
  ];
  for (const config of configs) {
    const child = fork(new URL('./wire-far.ts', import.meta.url));
    child.send(config);
    const [urls] = (await once(child, 'message')) as [{ readonly ours: string; readonly bare: string }];
    const ours = await shoalNear(urls.ours, config);
    const bare = await bareNear(urls.bare, config);
    const label = config.name === 'masked' && hasBufferutil() ? 'masked by bufferutil' : config.name;
    for (const mib of SIZES) {
      for (const way of ['push', 'pull'] as const) {
        const figures = { ours: [] as number[], bare: [] as number[] };
        await turn(ours, way, mib * MIB);
        await turn(bare, way, mib * MIB); // warm
        for (let i = 0; i < rounds * TURNS; i++) {
          figures.ours.push(await turn(ours, way, mib * MIB));
          figures.bare.push(await turn(bare, way, mib * MIB));
        }
        const ratio = median(figures.ours.map((figure, i) => figure / figures.bare[i]!));
        const row = benchRow(`wire, ${label}, ${way} ${mib} MiB, MB/s`, median(figures.ours), {
          ws: median(figures.bare),
        });
        rows.push({ ...row, ratio });
      }
    }
    await Promise.all([ours.close(), bare.close()]);
    const gone = once(child, 'exit');
    child.disconnect();
    await gone;
  }
  return rows;
}

/** MB (10^6 bytes) a second of one turn. */
async function turn(end: Near, way: 'push' | 'pull', bytes: number): Promise<number> {
  const vector = new Float32Array(way === 'push' ? bytes / 4 : 0).fill(0.1);
  const times = Math.max(1, TURN_BYTES / bytes);
  const since = performance.now();
  for (let i = 0; i < times; i++) await (way === 'push' ? end.push(vector) : end.pull(bytes / 4));
  return (times * bytes) / 1e3 / (performance.now() - since);
}
