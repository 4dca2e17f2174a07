// cluster.ts: what all processes of one simulated run share: the job, the reference, the disk of the coordinator, who listens where.
import type { Bugs } from '../../../cluster/bugs.ts';
import type { FlatRange } from '../../../cluster/messages.ts';
import type { Slice } from '../../../cluster/server-types.ts';
import { Connection, type Process, Violated, type World } from '../../../cluster/simulate/world.ts';
import type { Profile } from '../../../trainer/executor.ts';
import type { Schedule } from '../../../trainer/step-machine.ts';
import type { Reference, Vectors } from './toy.ts';

export interface Cluster {
  readonly world: World;
  readonly bugs: Bugs;
  readonly schedule: Schedule;
  readonly seed: number;
  readonly length: number;
  readonly ranges: readonly FlatRange[];
  readonly workers: { readonly min: number; readonly max: number };
  /** Of which each worker has one. */
  readonly units: readonly number[];
  readonly leafMs: number;
  readonly first: Vectors;
  readonly reference: Reference;
  readonly disk: Disk;
  /** Processes that accept connections, by address. */
  readonly listening: Map<string, Listener>;
  /** Whether every event is handled twice, on frozen states. */
  readonly strict: boolean;
}

/** What outlives the coordinator's process. */
export interface Disk {
  log: string;
  /** How much of the log a loss of power cannot take. */
  synced: number;
  readonly checkpoints: Map<string, { readonly version: number; readonly vectors: Vectors; good: boolean }>;
  full: boolean;
}

export interface Listener {
  readonly process: Process;
  /** A connection has been accepted; the second end is the listener's. */
  readonly accept: (connection: Connection) => void;
}

export const PROFILE: Profile = { arithmetic: 'reference', kernels: 'toy' };
export const DATASET = 'toy data';
export const REFERENCE = 'toy bits';

/** A bulk frame, as the drivers of the simulation pass it. */
export interface Frame {
  readonly bulk: Slice;
  readonly values: Float32Array;
}
export const isFrame = (message: unknown): message is Frame =>
  typeof message === 'object' && message !== null && 'bulk' in message;

/** Cuts vectors of a range (whose first element is `from`: by default the range's) into slices of a few floats, in any order. */
export function slices(
  world: World,
  head: Pick<Slice, 'type' | 'term' | 'step' | 'node' | 'range'>,
  vectors: readonly Float32Array[],
  from = head.range.from,
): Frame[] {
  const frames: Frame[] = [];
  vectors.forEach((vector, index) => {
    const to = from + vector.length;
    for (let at = from; at < to; ) {
      const count = Math.min(to - at, 1 + world.below(4));
      const values = vector.slice(at - from, at - from + count);
      frames.push({ bulk: { ...head, vector: index, from: at, count }, values });
      at += count;
    }
  });
  for (let i = frames.length - 1; i > 0; i--) {
    const j = world.below(i + 1);
    [frames[i], frames[j]] = [frames[j]!, frames[i]!];
  }
  return frames;
}

/** Keeps dialling an address until somebody listens there; then again when the connection breaks, until it is stopped. */
export class Dial {
  readonly #cluster: Cluster;
  readonly #process: Process;
  readonly #address: string;
  #stopped = false;
  connection: Connection | null = null;
  onOpen: () => void = () => {};
  onClosed: () => void = () => {};
  onMessage: (message: unknown) => void = () => {};

  constructor(cluster: Cluster, process: Process, address: string) {
    this.#cluster = cluster;
    this.#process = process;
    this.#address = address;
    this.#try();
  }

  #try(): void {
    const { world, listening } = this.#cluster;
    this.#process.after(world.between(0.2, 3), () => {
      if (this.#stopped) return;
      const listener = listening.get(this.#address);
      if (!listener?.process.alive) {
        this.#process.after(world.between(5, 40), () => this.#try());
        return;
      }
      const connection = new Connection(world, this.#process, listener.process);
      const [own] = connection.ends;
      listener.accept(connection);
      this.connection = connection;
      own.receive = (message) => this.onMessage(message);
      own.closed = () => {
        if (this.connection !== connection) return;
        this.connection = null;
        this.onClosed();
        if (!this.#stopped) this.#process.after(world.between(1, 30), () => this.#try());
      };
      this.onOpen();
    });
  }

  send(message: unknown, twice = false): void {
    this.connection?.send(0, message, twice);
  }
  stop(): void {
    this.#stopped = true;
    this.connection?.close(0);
    this.connection = null;
  }
}

/** Control messages that a reconnecting peer may well have sent twice: the machines must not mind. */
const REPEATED = new Set(['holding', 'done', 'applied', 'ack', 'lease', 'apply', 'dump']);
export const isRepeated = (message: unknown): boolean =>
  isFrame(message) || REPEATED.has((message as { readonly type: string }).type);

export function must(holds: boolean, otherwise: () => string): asserts holds {
  if (!holds) throw new Violated(otherwise());
}

/** Holds a machine to being a pure function, where asked to. */
export function pure<S, E, R extends { readonly state: S }>(
  cluster: Cluster,
  state: S,
  event: E,
  handle: (state: S, event: E) => R,
): R {
  if (!cluster.strict) return handle(state, event);
  deepFreeze(state);
  deepFreeze(event);
  const [once, again] = [handle(state, event), handle(state, event)];
  must(JSON.stringify(once) === JSON.stringify(again), () => `not a pure function of ${JSON.stringify(event)}`);
  return once;
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
}
