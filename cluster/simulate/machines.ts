// machines.ts: what the machines of a simulated cluster share: the job, the models of network and computing. The machines: coordinator.ts,
// server.ts, worker.ts here; they move no floats.
import type { CoordinatorConfig } from '../coordinator-types.ts';
import type { FlatRange, Message } from '../messages.ts';
import { type Frame, type FrameHead, isFrame, type Net } from './dial.ts';
import { arrival, bulkBytes, createNic, type LinkModel, messageBytes, type Nic } from './network.ts';
import type { Process, World } from './world.ts';

export interface Times {
  /** Of one micro-shard on one worker. */
  readonly leafMs: number;
  /** Sums of a node that stand before its last micro-shard has been computed, and after which share of that. */
  readonly early: readonly { readonly share: number; readonly ranges: readonly FlatRange[] }[];
  /** Of a worker for the same leaf, to one another: 0.1 means 5 % less to 5 % more. */
  readonly spread: number;
  /** Of a server for each float of its range and node: adding, and once more for the update. */
  readonly addMs: number;
  /** Until a process that has died is back. */
  readonly restartMs: number;
  /** Of one on average; Infinity: none dies. */
  readonly mtbfMs: number;
}

export interface Machines extends Net {
  readonly link: LinkModel;
  readonly times: Times;
  readonly job: Omit<CoordinatorConfig, 'workers'>;
  /** 1 + the optimizer's slots. */
  readonly vectors: number;
  /** Of one tensor of a version or a node. */
  tensorBytes: { pushed: number; params: number };
}

/** One frame for all of a range. */
export const whole = (head: FrameHead, vector: number): Frame => ({
  bulk: { ...head, vector, from: head.range.from, count: head.range.to - head.range.from },
});

/** Sends through a network where each process has a link of its own. @returns the link of a process */
export function connectWorld(world: World, link: LinkModel): (process: Process) => Nic {
  const links = new WeakMap<Process, Nic>();
  const sizes = new WeakMap<object, number>();
  const nicOf = (process: Process): Nic => {
    let nic = links.get(process);
    if (!nic) {
      nic = createNic();
      links.set(process, nic);
    }
    return nic;
  };
  world.transit = (from, to, message) => {
    const known = sizes.get(message as object);
    const bytes =
      known ?? (isFrame(message) ? bulkBytes(message.bulk, false) : messageBytes(message as Message, false));
    if (known === undefined) sizes.set(message as object, bytes);
    return arrival(world.now, nicOf(from), nicOf(to), bytes, link);
  };
  return nicOf;
}

/** TCP, TLS and the upgrade are three times there and back; between attempts workers wait as for real. */
export const dialingOver = (world: World, { latencyMs }: LinkModel): Net['dialing'] => ({
  attempt: () => 6 * latencyMs + 0.1,
  nobody: () => 500 + world.between(0, 500),
  broken: () => 50,
});

/** What all of them have in common at the joining gate. */
export const modelled = {
  profile: { arithmetic: 'reference', kernels: 'simulated' },
  dataset: 'simulated data',
  reference: 'simulated bits',
} as const;
