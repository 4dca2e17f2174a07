// draw.ts: the job and the network of a simulated run, drawn from its seed. Its faults are in faults.ts.
import type { Bug } from '../../../cluster/bugs.ts';
import type { FlatRange } from '../../../cluster/messages.ts';
import type { World } from '../../../cluster/simulate/world.ts';
import type { Schedule } from '../../../trainer/step-machine.ts';
import { type Cluster, isRepeated } from './cluster.ts';
import { firstVectors, undisturbed } from './toy.ts';

export function drawCluster(world: World, seed: number, bugs: ReadonlySet<Bug>, strict: boolean): Cluster {
  const batch = 4 + world.below(world.pick([9, 9, 30]));
  const microShards = Math.min(batch, 1 + world.below(world.pick([8, 8, 33])));
  const schedule: Schedule = {
    samples: batch + world.below(30),
    evaluationSamples: world.pick([0, 1, 7, 15]),
    batch,
    microShards,
    epochs: 1 + world.below(3),
    evaluateEvery: 1 + world.below(2),
    saveEvery: world.pick([null, 1, 2, 3]),
    depth: 1,
    from: 0,
    onlyEvaluate: false,
  };
  const length = 3 + world.below(9);
  const servers = 1 + world.below(3);
  const cuts = [0, ...Array.from({ length: servers - 1 }, () => world.below(length + 1)).sort((a, b) => a - b), length];
  const ranges = cuts.slice(1).map((to, i): FlatRange => ({ from: cuts[i]!, to }));
  const min = 1 + world.below(2);
  const first = firstVectors(length, seed);
  world.latency = world.pick([
    [1, 5],
    [2, 30],
    [10, 100],
  ]);
  world.duplicates = world.pick([0, 0.02, 0.2]);
  world.repeats = isRepeated;
  return {
    world,
    bugs,
    schedule,
    seed,
    length,
    ranges,
    workers: { min, max: 6 },
    units: world.random() < 0.3 ? [1, 2, 4].filter((unit) => unit <= microShards) : [1],
    leafMs: world.pick([1, 5, 15]),
    first,
    reference: undisturbed(schedule, first),
    disk: { log: '', synced: 0, checkpoints: new Map(), full: false },
    listening: new Map(),
    dialing: {
      attempt: () => world.between(0.2, 3),
      nobody: () => world.between(5, 40),
      broken: () => world.between(1, 30),
    },
    strict,
  };
}
