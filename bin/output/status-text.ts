// status-text.ts: how a run of several processes fares, as a line for the job and a table for servers and workers. It asks nobody.
import type { ServerStatus, Status, WorkerStatus } from '../../cluster/status.ts';
import { percent } from './data-text.ts';
import { bytes, clock, count, figure, table } from './format.ts';
import type { Colors } from './screen.ts';

const size = (n: number | null): string => (n === null ? '-' : bytes(n));
const ago = (seconds: number | null): string => (seconds === null ? 'never' : `${seconds.toFixed(1)} s ago`);
const TRAFFIC = ['in', 'out', 'memory', 'last seen'];
const traffic = (it: WorkerStatus | ServerStatus): string[] => [
  size(it.bytes_in),
  size(it.bytes_out),
  size(it.memory),
  ago(it.last_seen_s),
];

/** "digits  step 120 of 2,500, epoch 1 of 10  loss 0.3120  9,120 samples/s  ETA 0:08" and what it waits for. */
function jobText(status: Status, colors: Colors): string {
  const { name, step, steps, epoch, epochs, loss, samples_per_second, eta_s, waiting, term, checkpoint } = status;
  const { coordinator } = status;
  const parts = [
    colors.bold(name),
    `step ${count(step)} of ${count(steps)}, epoch ${epoch} of ${epochs}`,
    ...(loss === null ? [] : [`loss ${figure(loss)}`]),
    ...(samples_per_second > 0 ? [`${count(samples_per_second)} samples/s`] : []),
    ...(eta_s === null || step === steps ? [] : [`ETA ${clock(eta_s)}`]),
  ];
  const own = `coordinator: term ${term}, newest checkpoint at step ${count(checkpoint)}, ${size(coordinator.memory)}`;
  return [parts.join('  '), own, ...(waiting === null ? [] : [colors.yellow(waiting)])].join('\n');
}

export function statusText(status: Status, colors: Colors): string {
  const { servers, workers } = status;
  const serverRows = servers.map((it) => [
    it.name ?? '-',
    it.state,
    `${count(it.from)} to ${count(it.to)}`,
    it.version === null ? '-' : count(it.version),
    ...traffic(it),
  ]);
  const workerRows = workers.map((it) => [
    it.name,
    it.state,
    count(it.samples_per_second),
    String(it.leases),
    count(it.leases_done),
    it.lag === null ? '-' : count(it.lag),
    it.data_wait === null ? '-' : percent(it.data_wait),
    ...traffic(it),
  ]);
  return [
    jobText(status, colors),
    table([['server', 'state', 'parameters', 'step', ...TRAFFIC], ...serverRows], [2, 3, 4, 5, 6, 7]),
    workers.length === 0
      ? 'no workers'
      : table(
          [['worker', 'state', 'samples/s', 'leases', 'done', 'lag', 'data wait', ...TRAFFIC], ...workerRows],
          [2, 3, 4, 5, 6, 7, 8, 9, 10],
        ),
  ].join('\n\n');
}
