// scenario.ts: what a scenario of `npm run verify:cluster` is given and gives back, and what several of them need.
import { spawn } from 'node:child_process';
import { draws, seedWords, unit } from '../../../base/random.ts';
import type { RunEvent } from '../../../trainer/events.ts';
import { later } from '../../cluster/support/ends.ts';
import { COMMAND, freePort, type WholeRuns } from '../../cluster/support/whole-runs.ts';
import { startProxy, type TcpProxy } from '../../support/proxy.ts';
import type { RolePlan } from '../../support/role.ts';

/** How often each thing was done, or was seen to happen. */
export type Counts = Record<string, number>;

export interface Scenario {
  /** What is promised. */
  readonly name: string;
  /** Keys of the job that differ. */
  readonly job?: object;
  run(runs: WholeRuns, seed: number): Promise<Counts>;
}

export const TOKEN = 'a-token-of-the-verification';

export class Chance {
  readonly #random: (index: number) => number;
  #turn = 0;
  constructor(seed: number) {
    this.#random = draws(seedWords(seed), 0, 0, 0);
  }
  below(limit: number): number {
    return Math.floor(unit(this.#random(this.#turn++)) * limit);
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

export function count(counts: Counts, what: string, by = 1): void {
  counts[what] = (counts[what] ?? 0) + by;
}

/** Members that came, went, were fenced or refused; terms; waits; saves that failed. */
export function seen(events: readonly RunEvent[]): Counts {
  const counts: Counts = {};
  for (const event of events) {
    if (event.event === 'member') count(counts, `${event.change}${event.problem ? ` ${event.problem.code}` : ''}`);
    if (event.event === 'killed') count(counts, `killed ${event.role}`);
    if (event.event === 'waiting') count(counts, `waited for a ${event.role}`);
    if (event.event === 'term') count(counts, 'terms');
    if (event.event === 'problem') count(counts, `problem ${event.problem.code}`);
    if (event.event === 'checkpoint') count(counts, 'checkpoints');
  }
  return counts;
}

/** Calls `act` every so often until the returned function is called. Nothing waits for it. */
export function every(ms: number, act: () => void): () => void {
  const timer = setInterval(act, ms);
  return () => clearInterval(timer);
}

export interface Proxied {
  /** Options of the roles that let all of them meet through the proxies. */
  readonly roles: Readonly<Record<string, RolePlan>>;
  readonly coordinator: TcpProxy;
  readonly servers: readonly TcpProxy[];
}

/** A proxy before the coordinator and before each server. */
export async function proxied(workers: number, servers: number, plan: RolePlan = {}): Promise<Proxied> {
  const port = await freePort();
  const coordinator = await startProxy({ port });
  later(() => coordinator.close());
  const connect = { '--connect': `ws://127.0.0.1:${coordinator.port}` };
  const roles: Record<string, RolePlan> = {
    coordinator: { ...plan, options: { '--listen': `127.0.0.1:${port}`, ...plan.options } },
  };
  const proxies: TcpProxy[] = [];
  for (let i = 1; i <= servers; i++) {
    const own = await freePort();
    const proxy = await startProxy({ port: own });
    later(() => proxy.close());
    proxies.push(proxy);
    const options = { '--listen': `127.0.0.1:${own}`, '--advertise': `ws://127.0.0.1:${proxy.port}`, ...connect };
    roles[`server-${i}`] = { ...plan, options };
  }
  for (let i = 1; i <= workers; i++) roles[`worker-${i}`] = { ...plan, options: connect };
  return { roles, coordinator, servers: proxies };
}

/** A worker that nobody starts again. */
export function lonelyWorker(url: string, name: string) {
  const args = ['worker', '--connect', url, '--name', name, '--threads', '1'];
  const child = spawn(COMMAND[0], [COMMAND[1], ...args], {
    stdio: 'ignore',
    env: { ...process.env, SHOAL_TOKEN: TOKEN },
  });
  later(() => child.kill('SIGKILL'));
  return child;
}
