// metrics.ts: the counters of a run in Prometheus' text format: names, units, buckets. docs/monitoring.md explains each. It counts
// what it is told (monitor.ts), and no worker has a label of its own: many may come and go.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = ReturnType<typeof createMetrics>;

/** Seconds, from a small step to a large one. */
const STEP_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const SAVE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/**
 * One registry for each run: nothing global.
 * @param look called at each scrape: sets what is read and not counted
 */
export function createMetrics(look: (metrics: Metrics) => void) {
  const registry = new Registry();
  const registers = [registry];
  const counter = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name: `shoal_${name}`, help, labelNames, registers });
  const gauge = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge<L>({ name: `shoal_${name}`, help, labelNames, registers });
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: `shoal_${name}`, help, buckets, registers });

  const metrics = {
    steps: counter('steps_total', 'Steps committed by this process, those computed again included.'),
    samples: counter('samples_total', 'Samples trained on, likewise.'),
    stepSeconds: histogram('step_duration_seconds', 'From one commit to the next.', STEP_BUCKETS),
    step: gauge('step', "The run's newest committed step."),
    stepsPlanned: gauge('steps_planned', 'Steps that the job has.'),
    loss: gauge('loss', 'Mean loss of the newest step.'),
    term: gauge('term', 'Grows by one whenever a server or the coordinator was lost.'),
    rollbacks: counter('rollbacks_total', 'Terms that went back to a checkpoint.'),
    workers: gauge('workers', 'Workers that are there, by what they do.', ['state']),
    servers: gauge('servers', 'Places of servers, by whether one is there.', ['state']),
    lag: gauge('lag_steps', 'Most steps that a worker is behind the newest version.'),
    leases: counter('leases_granted_total', 'Nodes of the tree given to workers; backup: a second time.', ['kind']),
    leasesDone: counter('leases_done_total', 'Those that came back first.'),
    leasesLost: counter('leases_lost_total', 'Those taken back: the worker was late, or gone.', ['reason']),
    wireBytes: counter('wire_bytes_total', 'Bytes of the sockets of all processes.', ['role', 'direction']),
    refusedFrames: counter('refused_frames_total', 'Frames that closed their connection.', ['role']),
    refusedPeers: counter('refused_peers_total', 'Peers turned away, by the code of the error.', ['code']),
    memory: gauge('resident_memory_bytes', 'Of the processes that are there.', ['role']),
    checkpoint: gauge('checkpoint_step', 'The step that the newest checkpoint stands after.'),
    saveSeconds: histogram('checkpoint_duration_seconds', 'From the call for a version to its files.', SAVE_BUCKETS),
    notSaved: counter('checkpoints_failed_total', 'Versions that could not be kept.'),
    logBytes: gauge('commit_log_bytes', 'Size of commits.jsonl.'),
    logSeconds: counter('commit_log_seconds_total', 'Time spent on writing it.'),
    /** The text of a scrape, and its type. */
    async text(): Promise<{ readonly type: string; readonly body: string }> {
      look(metrics);
      return { type: registry.contentType, body: await registry.metrics() };
    },
  };
  // a series that is not there yet would hide its first increase
  for (const kind of ['first', 'backup']) metrics.leases.inc({ kind }, 0);
  for (const reason of ['late', 'gone']) metrics.leasesLost.inc({ reason }, 0);
  return metrics;
}

/** Sets a counter that is kept elsewhere. */
export function setCounter<L extends string>(counter: Counter<L>, labels: Record<L, string>, value: number): void {
  counter.remove(labels);
  counter.inc(labels, value);
}
