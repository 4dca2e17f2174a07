// layer-times.ts: how long each layer of a job takes on this thread: where the time of a step goes. It trains nothing, and measures
// neither the update nor what threads wait for each other.
import { seedWords } from '../base/random.ts';
import { countTiles } from '../kernels/abi.ts';
import type { KernelModule } from '../kernels/load.ts';
import { createHostRunner } from './host-runner.ts';
import { joined } from './initialize.ts';
import type { Job } from './job.ts';
import type { PlanCall } from './plan-builder.ts';
import type { Prepared } from './prepare.ts';
import { firstSnapshot } from './snapshot.ts';
import { rootOf, sharesOf } from './tree.ts';
import { bundlesOf } from './work.ts';

/** The calls of one layer in one pass, for the samples that a team computes side by side. */
export interface LayerTime {
  readonly layer: string;
  readonly pass: PlanCall['pass'];
  readonly kernels: readonly string[];
  readonly milliseconds: number;
  /** 10^9 floating-point operations a second, of the direct form; null where they are not counted. */
  readonly gflops: number | null;
}

export interface LayerTimes {
  /** Samples of one turn. */
  readonly rows: number;
  readonly layers: readonly LayerTime[];
}

/** Medians over `turns` turns through the panels of weights and the training plan, over zeros: kernels are as fast over anything else. */
export function layerTimes(
  job: Job,
  { program, segments, machine }: Prepared,
  kernels: KernelModule,
  turns = 31,
): LayerTimes {
  const runner = createHostRunner(program, segments, kernels, seedWords(job.seed));
  runner.load(joined(firstSnapshot(job)));
  const shares = sharesOf(job.batch, job.microShards);
  const node = rootOf(job.microShards);
  const [bundle] = bundlesOf({ kind: 'gradient', step: 0, epoch: 0, node, version: 0, shares }, machine.level);
  const { rows, leafEnds } = bundle!;
  runner.bind({ rows, leafEnds });
  const calls = [...program.packs.moving, ...program.plans.train.calls];
  const times = calls.map((): number[] => []);
  for (let turn = -3; turn < turns; turn++)
    calls.forEach((call, i) => {
      const start = performance.now();
      runner.tiles(call, 0, countTiles(call.tiles, rows));
      if (turn >= 0) times[i]!.push(performance.now() - start);
    });
  const layers = new Map<string, { call: PlanCall; kernels: Set<string>; milliseconds: number; flops: number }>();
  calls.forEach((call, i) => {
    const key = `${call.pass} ${call.layer}`;
    const sum = layers.get(key) ?? { call, kernels: new Set(), milliseconds: 0, flops: 0 };
    sum.kernels.add(call.arguments.kernel);
    sum.milliseconds += median(times[i]!);
    sum.flops += call.flops * rows;
    layers.set(key, sum);
  });
  return {
    rows,
    layers: [...layers.values()].map(({ call: { layer, pass }, kernels, milliseconds, flops }) => {
      const gflops = flops > 0 ? flops / milliseconds / 1e6 : null;
      return { layer, pass, kernels: [...kernels], milliseconds, gflops };
    }),
  };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
