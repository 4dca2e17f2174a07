// report.ts: a job on clusters of growing size, simulated, and where and why it stops scaling. Pure but for the time it takes; the same
// options give the same report.
import type { CoordinatorConfig } from '../coordinator-types.ts';
import type { Times } from './machines.ts';
import type { LinkModel } from './network.ts';
import { type Simulated, simulateRun } from './run.ts';

export interface ReportOptions {
  readonly name: string;
  readonly job: Omit<CoordinatorConfig, 'workers'>;
  readonly parameters: number;
  /** 1 + the optimizer's slots. */
  readonly vectors: number;
  /** The largest cluster. */
  readonly workers: number;
  readonly link: LinkModel;
  readonly times: Times;
  readonly seed: number;
  /** Measured in each cluster, at most. */
  readonly steps: number;
  readonly onPoint?: (point: Simulated) => void;
}

export interface SimulationReport {
  readonly event: 'done';
  readonly name: string;
  readonly seed: number;
  readonly parameters: number;
  readonly batch: number;
  readonly micro_shards: number;
  readonly leaf_ms: number;
  readonly link_bytes_per_s: number;
  readonly latency_ms: number;
  readonly mtbf_ms: number | null;
  readonly points: readonly Simulated[];
  /** The fewest workers with 95 % of the highest throughput: beyond them it does not scale. */
  readonly stops_at: number;
  /** What is busy there, and what would move that point. */
  readonly because: string;
}

/** Workers times steps that a point may cost. */
const BUDGET = 20_000;

export function simulateJob(options: ReportOptions): SimulationReport {
  const { name, job, parameters, vectors, workers, link, times, seed, steps } = options;
  const points = sizesTo(workers).map((count) => {
    const few = Math.min(steps, Math.max(1, Math.floor(BUDGET / count)));
    const point = simulateRun({ job, vectors, workers: count, link, times, seed, steps: few });
    options.onPoint?.(point);
    return point;
  });
  const most = Math.max(...points.map((it) => it.samples_per_second));
  const stop = points.find((it) => it.samples_per_second >= 0.95 * most)!;
  const beyond = points[points.indexOf(stop) + 1] ?? stop;
  return {
    event: 'done',
    name,
    seed,
    parameters,
    batch: job.schedule.batch,
    micro_shards: job.schedule.microShards,
    leaf_ms: times.leafMs,
    link_bytes_per_s: 1000 * link.rate,
    latency_ms: link.latencyMs,
    mtbf_ms: Number.isFinite(times.mtbfMs) ? times.mtbfMs : null,
    points,
    stops_at: stop.workers,
    because: reasonOf(beyond, job.schedule.microShards, stop.workers === workers),
  };
}

/** Powers of two to 256, then of four, and the last. */
export function sizesTo(most: number): readonly number[] {
  const sizes: number[] = [];
  for (let n = 1; n < most; n *= n < 256 ? 2 : 4) sizes.push(n);
  return [...sizes, most];
}

const BUSY = 0.6;

function reasonOf(point: Simulated, microShards: number, open: boolean): string {
  const { workers, computing, server_up, server_down, coordinator_link } = point;
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  const limits: string[] = [];
  if (workers > microShards)
    limits.push(
      `a step has ${microShards} micro-shards for ${workers} workers, and the others wait: more microShards and a larger batch would move that point`,
    );
  if (server_up >= BUSY || server_down >= BUSY) {
    const way = server_up >= server_down ? 'out of' : 'into';
    limits.push(
      `the links ${way} the servers are busy for ${percent(Math.max(server_up, server_down))} of the time: more servers, a smaller codec, a faster network, or more micro-shards for each worker would move that point`,
    );
  }
  if (coordinator_link >= BUSY)
    limits.push("the coordinator's link is busy: larger micro-shards would move that point");
  if (limits.length > 0) return limits.join('; and ');
  if (open && computing >= BUSY) return `nothing limits it yet: workers compute for ${percent(computing)} of the time`;
  return `workers compute for ${percent(computing)} of the time and wait for messages in the rest: a lower latency, or more work in a step, would move that point`;
}
