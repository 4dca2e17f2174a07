// networks.ts: connections that break, hang, lie and crawl, peers that mean harm, and disks that are full: the run ends with its bytes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect as dialSocket, type Socket } from 'node:net';
import { join } from 'node:path';
import { askStatus } from '../../../cluster/ask-status.ts';
import { connect } from '../../../cluster/connect.ts';
import { encodeMessage } from '../../../cluster/protocol.ts';
import { createRun } from '../../../trainer/run-folder.ts';
import { later } from '../../cluster/support/ends.ts';
import { MESSAGES } from '../../cluster/support/examples.ts';
import { fuzzedFrame } from '../../cluster/support/fuzzer.ts';
import { rawFrame, rawUpgrade } from '../../cluster/support/raw.ts';
import { freePort } from '../../cluster/support/whole-runs.ts';
import type { TcpProxy } from '../../support/proxy.ts';
import { Chance, type Counts, count, every, proxied, type Scenario, seen, TOKEN } from './scenario.ts';

const MIB = 2 ** 20;

/** One of these strikes a proxy now and then. */
const FAULTS: Readonly<Record<string, (proxy: TcpProxy, chance: Chance) => void>> = {
  'connections reset': (proxy) => proxy.reset(),
  'cut in a frame': (proxy, chance) => {
    proxy.up.cutAfter = chance.below(60_000);
  },
  'bits flipped': (proxy, chance) => {
    (chance.below(2) ? proxy.up : proxy.down).flipAfter = chance.below(60_000);
  },
  'half-open, one way': (proxy, chance) => {
    (chance.below(2) ? proxy.up : proxy.down).swallow = true;
  },
  'half-open, both ways': (proxy) => {
    proxy.up.swallow = proxy.down.swallow = true;
  },
  delayed: (proxy, chance) => {
    proxy.up.delayMs = proxy.down.delayMs = chance.below(60);
  },
};

const network: Scenario = {
  name: 'connections are delayed, reset, cut within frames, half-open, and flip bits, for the whole run',
  job: { epochs: 80 },
  async run(runs, seed) {
    const chance = new Chance(seed);
    const counts: Counts = {};
    const { roles, coordinator, servers } = await proxied(3, 2, { limits: { pingMs: 100, silenceMs: 1500 } });
    let ill: TcpProxy | null = null;
    const stop = every(900, () => {
      if (coordinator.passed.up === 0) return;
      ill?.heal();
      const [name, strike] = chance.pick(Object.entries(FAULTS));
      ill = chance.pick([coordinator, ...servers]);
      strike(ill, chance);
      count(counts, name);
    });
    const ran = await runs.run({ workers: 3, servers: 2, roles });
    stop();
    await runs.holds(ran);
    return { ...counts, ...seen(ran.events) };
  },
};

const meddled: Scenario = {
  name: 'contributions and answers come twice and out of order; NaN is refused and its worker named',
  job: { epochs: 60 },
  async run(runs, seed) {
    const meddle = (i: number, spoil = 0) => ({ meddle: { seed: seed + i, twice: 0.3, later: 0.3, spoil } });
    const ran = await runs.run({
      workers: 3,
      servers: 2,
      roles: {
        'server-1': meddle(1),
        'server-2': meddle(2),
        'worker-1': meddle(3, 40),
        'worker-2': meddle(4, 90),
        'worker-3': meddle(5),
      },
    });
    await runs.holds(ran);
    const happened = seen(ran.events);
    assert.equal(happened['refused SHOAL_PUSH_NOT_FINITE'], ran.meddled['spoilt']);
    return { ...ran.meddled, ...happened };
  },
};

/** A byte every 20 ms. */
function dribble(port: number): Socket {
  const socket = dialSocket(port, '127.0.0.1').on('error', () => {});
  const text = `GET /wire HTTP/1.1\r\nX: ${'x'.repeat(8000)}`;
  let at = 0;
  const timer = setInterval(() => socket.write(text[at++] ?? ''), 20);
  socket.on('close', () => clearInterval(timer));
  later(() => socket.destroy());
  return socket;
}

const attacked: Scenario = {
  name: 'strangers knock with wrong tokens, dribble, flood and send fuzzed frames with the right token',
  job: { epochs: 120 },
  async run(runs) {
    const counts: Counts = {};
    const ports = { coordinator: await freePort(), server: await freePort() };
    const limits = { handshakeMs: 1000, connections: 64 };
    let begun = false;
    let turn = 0;
    async function attack(port: number): Promise<void> {
      const url = `ws://127.0.0.1:${port}`;
      const token = 'not-the-token-of-the-run';
      const handlers = { message() {}, bulk() {}, close() {} };
      const refused = await connect({ url, token, handlers }).catch((error: { code: string }) => error.code);
      count(counts, `bad token: ${typeof refused === 'string' ? refused : 'LET IN'}`);
      dribble(port).on('close', () => count(counts, 'dribbling handshakes cut off'));
      for (let i = 0; i < 80; i++) {
        const socket = dialSocket(port, '127.0.0.1').on('error', () => {});
        socket.on('close', () => count(counts, 'connections of floods ended'));
        setTimeout(() => socket.destroy(), 100);
      }
      const raw = await rawUpgrade(url, TOKEN).catch(() => null);
      if (!raw) return;
      raw.on('close', () => count(counts, 'fuzzed peers closed')).resume();
      const first = port === ports.coordinator ? MESSAGES.hello : MESSAGES.attach;
      raw.write(rawFrame(encodeMessage(first, { seq: 0, priority: 0 })));
      raw.write(rawFrame(fuzzedFrame(5, turn)));
      raw.on('data', (chunk: Buffer) => chunk.includes(0x88) && raw.end());
    }
    const stop = every(150, () => {
      if (!begun) return;
      turn++;
      attack(turn % 2 ? ports.coordinator : ports.server).catch(() => count(counts, 'attacks that could not connect'));
    });
    const ran = await runs.run({
      workers: 2,
      servers: 1,
      roles: {
        coordinator: { limits, options: { '--listen': `127.0.0.1:${ports.coordinator}` } },
        'server-1': { limits, options: { '--listen': `127.0.0.1:${ports.server}` } },
      },
      onEvent(event) {
        if (event.event === 'step') begun = true;
      },
    });
    stop();
    await runs.holds(ran);
    assert.ok(counts['bad token: SHOAL_WIRE_TOKEN']! > 0 && counts['bad token: LET IN'] === undefined);
    return { ...counts, ...seen(ran.events) };
  },
};

const slowReader: Scenario = {
  name: 'a worker reads for a tenth of each second, at 1 MB a version: the memory of the server stays flat (64 MiB)',
  job: { epochs: 60, model: wide() },
  async run(runs) {
    const port = await freePort();
    let most = 0;
    let least = Number.POSITIVE_INFINITY;
    let step = 0;
    const look = async (): Promise<void> => {
      if (step < 10) return;
      const { servers: all } = await askStatus({ url: `ws://127.0.0.1:${port}`, token: TOKEN });
      const memory = all[0]!.memory ?? 0;
      if (memory === 0) return;
      most = Math.max(most, memory);
      least = Math.min(least, memory);
    };
    const stop = every(500, () => void look().catch(() => {}));
    const ran = await runs.run({
      workers: 3,
      servers: 1,
      roles: {
        coordinator: { options: { '--listen': `127.0.0.1:${port}` } },
        'server-1': {},
        'worker-3': { drowsyMs: 900 },
      },
      onEvent(event) {
        if (event.event === 'step') step = event.step;
      },
    });
    stop();
    await runs.holds(ran);
    assert.ok(most - least < 64 * MIB, `${(most - least) / MIB} MiB more`);
    return { 'MiB at least': Math.round(least / MIB), 'MiB at most': Math.round(most / MIB), ...seen(ran.events) };
  },
};

/** 260,000 parameters. */
function wide(): object {
  const layer = (class_name: string, config: object = {}) => ({ class_name, config });
  const layers = [
    layer('InputLayer', { batch_shape: [null, 8, 8, 1] }),
    layer('Flatten'),
    layer('Dense', { units: 3700, activation: 'relu' }),
    layer('Dense', { units: 4, activation: 'softmax' }),
  ];
  return { class_name: 'Sequential', config: { name: 'wide', layers } };
}

const fullDisk: Scenario = {
  name: 'the disk is full at checkpoints: the one before stays, training goes on, later ones are written',
  job: { epochs: 60 },
  async run(runs) {
    const disk = join(runs.at.folder, 'disk');
    mkdirSync(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      // not root: the writes fail by themselves
      const ran = await runs.run({ workers: 2, servers: 1, roles: { coordinator: { points: ['file full disk'] } } });
      await runs.holds(ran);
      return { 'writes that failed': ran.struck.length - 1, ...seen(ran.events) };
    }
    later(() => execFileSync('umount', [disk]));
    const ballast = join(disk, 'ballast');
    const ran = await runs.run({
      workers: 2,
      servers: 1,
      path: await createRun(join(disk, 'runs'), runs.job),
      onEvent(event) {
        if (event.event !== 'step') return;
        if (event.step === 30) fill(ballast);
        if (event.step === 120) rmSync(ballast, { force: true });
      },
    });
    await runs.holds(ran);
    const happened = seen(ran.events);
    assert.ok(
      Object.keys(happened).some((it) => it.startsWith('problem SHOAL_')),
      JSON.stringify(happened),
    );
    return happened;
  },
};

/** Writes until nothing more goes in. */
function fill(path: string): void {
  for (const size of [MIB, 4096, 1])
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: 'a' });
    } catch {
      // full for this size
    }
}

export const NETWORKS: readonly Scenario[] = [network, meddled, attacked, slowReader, fullDisk];
