// bench.ts: `shoal bench`: how fast a job trains on this machine, or where the time of its layers goes. Peers are not its business.
import { testKernels } from '../../kernels/self-test.ts';
import { type LayerTimes, layerTimes } from '../../trainer/layer-times.ts';
import { availableThreads } from '../../trainer/pool.ts';
import { prepare } from '../../trainer/prepare.ts';
import { openJobData, runSession } from '../../trainer/session.ts';
import { type JobOptions, readJob } from '../input/read-job.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { count, table } from '../output/format.ts';
import type { Screen } from '../output/screen.ts';

export interface BenchOptions extends JobOptions {
  readonly threads?: number;
  readonly seconds?: number;
  readonly layers?: boolean;
  readonly json?: boolean;
}

export async function benchCommand(path: string, options: BenchOptions, screen: Screen): Promise<ExitCode> {
  const { job } = await readJob(path, options);
  const dataset = await openJobData(job);
  const threads = options.threads ?? availableThreads();
  if (options.layers) {
    const { kernels, report } = testKernels();
    const times = layerTimes(job, prepare(job, dataset, { threads }), kernels);
    if (options.json) screen.out(JSON.stringify({ event: 'layers', peak_gflops: report.gflops, ...times }));
    else screen.out(layersText(times, report.gflops));
    return EXIT.done;
  }
  const { seconds = 5 } = options;
  if (!options.json) screen.err(`training for ${seconds} s`);
  const stop = new AbortController();
  let until = Number.POSITIVE_INFINITY;
  const { done } = await runSession({
    job: { ...job, epochs: 100_000 },
    dataset,
    threads,
    signal: stop.signal,
    onEvent({ event }) {
      if (event !== 'step') return;
      if (until === Number.POSITIVE_INFINITY) until = performance.now() + 1000 * seconds;
      if (performance.now() > until) stop.abort();
    },
  });
  const { steps, samples_per_second: rate } = done;
  if (options.json)
    screen.out(JSON.stringify({ event: 'bench', job: job.name, threads, steps, samples_per_second: rate }));
  else
    screen.out(
      `${job.name}: ${count(rate)} samples/s, ${((1000 * job.batch) / rate).toFixed(2)} ms a step, ${threads} threads, ${count(steps)} steps`,
    );
  return EXIT.done;
}

function layersText({ rows, layers }: LayerTimes, peak: number): string {
  const all = layers.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const text = table(
    [
      ['layer', 'pass', 'kernels', 'ms', 'of all', 'GFLOPS', 'of the peak'],
      ...layers.map(({ layer, pass, kernels, milliseconds, gflops }) => [
        ...[layer, pass, kernels.join(' '), milliseconds.toFixed(3), percent(milliseconds / all)],
        ...(gflops === null ? ['', ''] : [gflops.toFixed(1), percent(gflops / peak)]),
      ]),
      ['in all', '', '', all.toFixed(3), '', '', ''],
    ],
    [3, 4, 5, 6],
  );
  const note = `${rows} samples on one thread, whose multiply-adds reach ${peak.toFixed(0)} GFLOPS. More than all of it is Winograd's doing.`;
  return `${text}\n\n${note}`;
}
