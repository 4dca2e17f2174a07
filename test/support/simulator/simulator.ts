// simulator.ts: one seeded run of the shipped machines in virtual time, with faults, held against the undisturbed loop. Used by
// test/cluster/simulator.test.ts and by `npx node test/support/simulate.ts --seed N`.
import type { Bug } from '../../../cluster/bugs.ts';
import { Violated, World } from '../../../cluster/simulate/world.ts';
import { totalSteps } from '../../../trainer/step-machine.ts';
import { must } from './cluster.ts';
import { drawCluster } from './draw.ts';
import { Run } from './run.ts';

/** Virtual ms after which a run that has not ended hangs: all faults are over long before. */
const HANG = 120_000;
const EVENTS = 1_000_000;

export interface SimulationOptions {
  readonly seed: number;
  readonly bugs?: readonly Bug[];
  /** Checks with every event that the machines are pure. Slow. */
  readonly strict?: boolean;
  readonly trace?: boolean;
}

export interface Simulation {
  /** What was promised and not kept; null if nothing. */
  readonly violation: string | null;
  /** How often each thing happened. */
  readonly stats: ReadonlyMap<string, number>;
  readonly trace: readonly string[];
  readonly steps: number;
  readonly ms: number;
}

export function simulate({ seed, bugs = [], strict = false, trace = false }: SimulationOptions): Simulation {
  const world = new World(seed, trace);
  const run = new Run(drawCluster(world, seed, new Set(bugs), strict));
  let violation: string | null = null;
  try {
    run.begin();
    let events = 0;
    while (!run.over) {
      must(world.next(), () => 'nothing happens any more');
      must(++events < EVENTS, () => `${EVENTS} events`);
      must(world.now < HANG, () => `no end after ${HANG} ms`);
    }
    run.check();
  } catch (error) {
    // what the machines throw with a bug planted is as good a find
    violation = error instanceof Violated ? error.message : String(error instanceof Error ? error.stack : error);
  }
  return { violation, stats: world.stats, trace: world.trace, steps: totalSteps(run.cluster.schedule), ms: world.now };
}
