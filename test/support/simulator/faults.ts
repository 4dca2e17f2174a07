// faults.ts: what goes wrong in a simulated run, and when: drawn from its seed. What each does is simulator.ts's business.
import type { World } from '../../../cluster/simulate/world.ts';

export const FAULTS = [
  'crash a worker',
  'crash a server',
  'crash the coordinator',
  'crash all workers',
  'crash a server and the coordinator',
  'crash everything',
  'cut the power',
  'crash at a failpoint',
  'reset a connection',
  'reset many connections',
  'freeze a worker',
  'freeze a server',
  'freeze the coordinator',
  'slow a worker',
  'add a worker',
  'remove a worker',
  'start a worker twice',
  'start a server twice',
  'tear the newest checkpoint',
  'fill the disk',
  'interrupt',
] as const;
export type FaultKind = (typeof FAULTS)[number];

const both = (role: string, names: readonly string[]): string[] =>
  names.flatMap((name) => [`before ${role} ${name}`, `after ${role} ${name}`]);

/** Where a process can be made to die. */
export const FAILPOINTS: readonly string[] = [
  ...both('coordinator', [
    'log open',
    'log commit',
    'log checkpoint',
    'send welcome',
    'send fence',
    'send load',
    'send lease',
    'send apply',
    'send dump',
    'load',
    'dump',
    'committed',
    'counted',
  ]),
  'coordinator tears a log line',
  'coordinator writes a checkpoint',
  'coordinator has written a checkpoint',
  ...both('server', [
    'send hello',
    'send applied',
    'ask',
    'prepare',
    'store',
    'free',
    'answer',
    'apply',
    'params',
    'dump',
    'reset',
  ]),
  ...both('worker', [
    'send hello',
    'send ready',
    'send holding',
    'send done',
    'prepare',
    'servers',
    'tell',
    'store',
    'compute',
    'push',
    'release',
  ]),
];

export interface Fault {
  readonly kind: FaultKind;
  readonly at: number;
  /** Of a crash at a failpoint: which, and at which passing. */
  readonly point: string;
  readonly nth: number;
}

/** The faults of one run: none at all, a few, or very many, in its first `span` ms. Each seed has its failpoint, so all are met. */
export function drawFaults(world: World, seed: number, span: number): readonly Fault[] {
  const many = world.pick([0, 1, 2, 3, 4, 6, 8, 12]);
  const kinds = world.random() < 0.3 ? [world.pick(FAULTS), world.pick(FAULTS)] : FAULTS;
  return Array.from({ length: many }, (_, i) => ({
    kind: i === 0 && world.random() < 0.6 ? 'crash at a failpoint' : world.pick(kinds),
    at: world.between(0, world.pick([span, span, 1])),
    point: i === 0 ? FAILPOINTS[seed % FAILPOINTS.length]! : world.pick(FAILPOINTS),
    nth: 1 + world.below(3),
  }));
}
